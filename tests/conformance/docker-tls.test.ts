/**
 * The stock docker CLI and `outboard`, with a daemon on TCP with mutual TLS.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '@outboard/oci/testing';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type CommandResult, createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const testsDirectory = fileURLToPath(new URL('..', import.meta.url));
const outboardProgram = `
  const { runCommandLine } = await import('@outboard/cli');
  process.exitCode = await runCommandLine(process.argv.slice(2), process);
`;

describe('clients over TLS', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let docker: DockerCli;
  let address: string;
  /** Directories of client certificates, by name. */
  let directories: Record<'good' | 'none' | 'stranger' | 'expired' | 'distrustful' | 'broken', string>;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    const { authority, writeClient } = files;
    const other = createAuthority('another authority');
    const client = { commonName: 'client', usage: 'client' } as const;
    const good = authority.issue(client);
    const expired = authority.issue({ ...client, notAfter: new Date(Date.now() - 1000) });
    directories = {
      good: await writeClient('good', authority.certificate, good),
      none: await writeClient('none', authority.certificate),
      stranger: await writeClient('stranger', authority.certificate, other.issue(client)),
      expired: await writeClient('expired', authority.certificate, expired),
      distrustful: await writeClient('distrustful', other.certificate, good),
      broken: await writeClient('broken', 'nothing', { certificate: 'nothing', key: 'nothing' }),
    };
    daemon = await startDaemon({ home, args: files.args });
    docker = await createDockerCli(daemon.socket);
    address = `tcp://localhost:${tcpPort(daemon.readyLine)}`;
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  const flagsOf = (directory: string) => [
    ...['-H', address, '--tlsverify', '--tlscacert', `${directory}/ca.pem`],
    ...['--tlscert', `${directory}/cert.pem`, '--tlskey', `${directory}/key.pem`],
  ];

  const flagsWith = (directory: string, flag: string, value: string) => {
    const flags = flagsOf(directory);
    return flags.with(flags.indexOf(flag) + 1, value);
  };

  /** Run `outboard`. The environment names another daemon, so that an ignored flag is noticed. */
  async function outboard(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const node = ['--input-type=module'];
    const child = spawn(process.execPath, [...node, '--eval', outboardProgram, '--', 'outboard', ...args], {
      cwd: testsDirectory,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        DOCKER_CONFIG: docker.config,
        DOCKER_HOST: 'unix:///none',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }

  for (const [name, run] of [
    ['docker', (args: readonly string[]) => docker.run(args)],
    ['outboard', outboard],
  ] as const) {
    test(`${name} works with a certificate that the authority issued`, async () => {
      const { code, stdout, stderr } = await run(
        [...flagsOf(directories.good), 'plugin', 'ls', '-q'].filter(isFor(name)),
      );
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
    });

    // Go sends no certificate of an authority that the daemon does not name. Node.js closes a refused connection
    // without an alert.
    for (const [directory, message] of [
      ['none', /tls: certificate required|refused the client: certificate required/],
      ['stranger', /tls: certificate required|it may have refused the client's certificate/],
      ['expired', /EOF|reset by peer|broken pipe|it may have refused the client's certificate/],
    ] as const) {
      test(`D13 ${name} is refused with the certificate "${directory}"`, async () => {
        const flags =
          directory === 'none' ? flagsOf(directories.none).slice(0, 5) : flagsOf(directories[directory]);
        const { code, stderr } = await run([...flags, 'plugin', 'ls'].filter(isFor(name)));
        assert.equal(code, 1, stderr);
        assert.match(stderr, message);
      });
    }

    test(`${name} does not trust a daemon of another authority`, async () => {
      const { code, stderr } = await run(
        [...flagsOf(directories.distrustful), 'plugin', 'ls'].filter(isFor(name)),
      );
      assert.equal(code, 1);
      assert.match(stderr, /x509: certificate signed by unknown authority|cannot verify the certificate/);
    });
  }

  test('outboard reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH', async () => {
    const env = { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directories.good };
    const { code, stdout, stderr } = await outboard(['version', '--format', 'json'], env);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).Server.Platform.Name, 'Outboard');
  });

  test('outboard --tls presents its certificate, and does not verify the daemon', async () => {
    const [, , , , , ...own] = flagsOf(directories.good);
    const { code, stderr } = await outboard(['-H', address, '--tls', ...own, 'ls', '-q']);
    assert.equal(code, 0, stderr);
  });

  test('outboard reports a server without TLS, or without HTTP', async (context) => {
    const plain = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    // A TLS server answers a plain request with an alert and closes the connection.
    const alert = createTcpServer((socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]))).listen(0);
    context.after(() => {
      plain.close();
      alert.close();
    });
    await Promise.all([plain, alert].map((server) => server.listening || once(server, 'listening')));
    const portOf = (server: typeof alert) => (server.address() as AddressInfo).port;
    const toPlain = `tcp://127.0.0.1:${portOf(plain)}`;
    const overTls = await outboard([...flagsOf(directories.good).with(1, toPlain), 'ls']);
    assert.deepEqual(
      [overTls.code, overTls.stderr],
      [
        1,
        `the server at ${toPlain} does not speak TLS: use its TLS port, or omit --tlsverify, --tls and DOCKER_TLS_VERIFY\n`,
      ],
    );
    const toAlert = `tcp://127.0.0.1:${portOf(alert)}`;
    const without = await outboard(['-H', toAlert, 'ls']);
    assert.match(without.stderr, /^the (server|daemon) at .*; it may require TLS \(--tlsverify\)\n$/);
  });

  test('outboard explains failed TLS connections', async () => {
    const plain = await outboard(['-H', address, 'ls']);
    const noFile = await outboard(['-H', address, '--tlsverify', '--tlscert', '/nonexistent', 'ls']);
    const cases: readonly [result: CommandResult, message: RegExp][] = [
      [plain, /may require TLS \(--tlsverify\)\n$/],
      [noFile, /^could not read (CA|client) certificate "/],
      [
        await outboard([...flagsOf(directories.stranger), 'ls']),
        /it may have refused the client's certificate \(--tlscert\)/,
      ],
      [
        await outboard([...flagsOf(directories.broken), 'ls']),
        /^CA certificate ".*ca\.pem" holds no certificate: it must be PEM\n$/,
      ],
      [
        await outboard([...flagsWith(directories.good, '--tlscert', `${directories.broken}/cert.pem`), 'ls']),
        /^client certificate ".*broken\/cert\.pem" holds no certificate: it must be PEM\n$/,
      ],
      [
        await outboard([...flagsWith(directories.good, '--tlskey', `${directories.broken}/key.pem`), 'ls']),
        /^client key ".*broken\/key\.pem" holds no usable key: it must be a private key in PEM\n$/,
      ],
      [
        await outboard([...flagsWith(directories.good, '--tlskey', `${directories.stranger}/key.pem`), 'ls']),
        /^the client key ".*stranger\/key\.pem" does not belong to the client certificate ".*good\/cert\.pem"\n$/,
      ],
      [
        await outboard([...flagsWith(directories.good, '--tlscacert', '/none/ca.pem'), 'ls']),
        /^could not read CA certificate "\/none\/ca\.pem": no such file or directory\n$/,
      ],
      [
        await outboard(['-H', 'tcp://host.invalid', 'ls']),
        /the host name "host\.invalid" cannot be resolved\n$/,
      ],
    ];
    for (const [{ code, stderr }, message] of cases) {
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });
});

/** Docker's commands are below `plugin`, those of `outboard` are not. */
function isFor(name: string): (word: string) => boolean {
  return (word) => name === 'docker' || word !== 'plugin';
}
