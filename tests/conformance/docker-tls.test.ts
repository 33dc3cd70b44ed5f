/**
 * The stock docker CLI, and ours, at a daemon on TCP with mutual TLS.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '../support/certificates.ts';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type CommandResult, createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const testsFolder = fileURLToPath(new URL('..', import.meta.url));
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
  /** Folders of clients, by what is in them. */
  let folders: Record<'good' | 'none' | 'stranger' | 'expired' | 'distrustful' | 'broken', string>;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    const { authority, writeClient } = files;
    const other = createAuthority('another authority');
    const client = { commonName: 'client', usage: 'client' } as const;
    const good = authority.issue(client);
    const expired = authority.issue({ ...client, notAfter: new Date(Date.now() - 1000) });
    folders = {
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

  const flagsOf = (folder: string) => [
    ...['-H', address, '--tlsverify', '--tlscacert', `${folder}/ca.pem`],
    ...['--tlscert', `${folder}/cert.pem`, '--tlskey', `${folder}/key.pem`],
  ];

  /** Run `outboard`; the environment names another daemon, so that a flag that is not heeded shows. */
  async function outboard(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const node = ['--conditions=outboard-source', '--import=tsx', '--input-type=module'];
    const child = spawn(process.execPath, [...node, '--eval', outboardProgram, '--', 'outboard', ...args], {
      cwd: testsFolder,
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
        [...flagsOf(folders.good), 'plugin', 'ls', '-q'].filter(isFor(name)),
      );
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
    });

    // Go shows no certificate of an authority that the daemon does not name. Node.js ends a connection that it does not
    // like without a word.
    for (const [folder, message] of [
      ['none', /tls: certificate required|refused the client: certificate required/],
      ['stranger', /tls: certificate required|it may have refused the client's certificate/],
      ['expired', /EOF|reset by peer|broken pipe|it may have refused the client's certificate/],
    ] as const) {
      test(`D13 ${name} is not served with the certificate "${folder}"`, async () => {
        const flags = folder === 'none' ? flagsOf(folders.none).slice(0, 5) : flagsOf(folders[folder]);
        const { code, stderr } = await run([...flags, 'plugin', 'ls'].filter(isFor(name)));
        assert.equal(code, 1, stderr);
        assert.match(stderr, message);
      });
    }

    test(`${name} does not trust a daemon of another authority`, async () => {
      const { code, stderr } = await run(
        [...flagsOf(folders.distrustful), 'plugin', 'ls'].filter(isFor(name)),
      );
      assert.equal(code, 1);
      assert.match(stderr, /x509: certificate signed by unknown authority|cannot prove who it is/);
    });
  }

  test('outboard takes DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH', async () => {
    const env = { DOCKER_HOST: address, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folders.good };
    const { code, stdout, stderr } = await outboard(['version', '--format', 'json'], env);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).Server.Platform.Name, 'Outboard');
  });

  test('outboard --tls shows its certificate, and does not ask who the daemon is', async () => {
    const [, , , , , ...own] = flagsOf(folders.good);
    const { code, stderr } = await outboard(['-H', address, '--tls', ...own, 'ls', '-q']);
    assert.equal(code, 0, stderr);
  });

  test('outboard says what is wrong', async () => {
    const plain = await outboard(['-H', address, 'ls']);
    const noFile = await outboard(['-H', address, '--tlsverify', '--tlscert', '/nonexistent', 'ls']);
    const cases: readonly [result: CommandResult, message: RegExp][] = [
      [plain, /may want TLS \(--tlsverify\)\n$/],
      [noFile, /^could not read (CA|client) certificate "/],
      [
        await outboard([...flagsOf(folders.stranger), 'ls']),
        /it may have refused the client's certificate \(--tlscert\)/,
      ],
      [
        await outboard([...flagsOf(folders.broken), 'ls']),
        /^cannot use ".*ca\.pem", ".*cert\.pem", ".*key\.pem" for TLS: /,
      ],
    ];
    for (const [{ code, stderr }, message] of cases) {
      assert.equal(code, 1);
      assert.match(stderr, message);
    }
  });
});

/** Docker's commands are below `plugin`, ours are not. */
function isFor(name: string): (word: string) => boolean {
  return (word) => name === 'docker' || word !== 'plugin';
}
