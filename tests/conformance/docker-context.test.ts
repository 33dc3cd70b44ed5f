/**
 * Contexts of the stock docker CLI: the daemon that `outboard` connects to when a user has both.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type CommandResult, createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { type TlsFiles, tcpPort, writeTlsFiles } from '../support/tls-files.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('contexts of docker', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let files: TlsFiles;
  let daemon: TestDaemon;
  let docker: DockerCli;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    files = await writeTlsFiles(home);
    daemon = await startDaemon({ home, args: files.args });
    docker = await createDockerCli(daemon.socket);
    const client = files.authority.issue({ commonName: 'client', usage: 'client' });
    const directory = await files.writeClient('client', files.authority.certificate, client);
    const remote = `host=tcp://localhost:${tcpPort(daemon.readyLine)}`;
    const pem = (name: string) => join(directory, `${name}.pem`);
    for (const [name, endpoint] of [
      ['local', `host=unix://${daemon.socket}`],
      ['secure', `${remote},ca=${pem('ca')},cert=${pem('cert')},key=${pem('key')}`],
      ['unverified', `${remote},cert=${pem('cert')},key=${pem('key')},skip-tls-verify=true`],
      ['plain', remote],
      ['far', 'host=ssh://nobody@example.com/$(id)'],
    ] as const) {
      await docker.succeed('context', 'create', name, '--docker', endpoint);
    }
  });
  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  function outboard(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    return new Promise((resolve) => {
      const surroundings = { PATH: process.env.PATH, HOME: home, DOCKER_CONFIG: docker.config, ...env };
      execFile(process.execPath, [program, ...args], { env: surroundings }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }
  const whereTo = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { stdout, stderr } = await outboard([...args, 'version', '--format', 'json'], env);
    const { Client, Server } = JSON.parse(stdout);
    return Server === null ? stderr : `${Client.Daemon}: ${Server.Platform.Name}`;
  };

  test('DOCKER_CONTEXT and --context are followed, with the TLS of the context', async () => {
    for (const name of ['local', 'secure', 'unverified']) {
      const expected = new RegExp(`^(unix|tcp)://.* \\(docker context "${name}"\\): Outboard$`);
      assert.match(await whereTo([], { DOCKER_CONTEXT: name }), expected);
      assert.match(await whereTo(['-c', name]), expected);
      assert.match(await whereTo(['--context', name]), expected);
    }
    assert.match(
      await whereTo(['-c', 'plain']),
      /docker context "plain"\) closed the connection .*may require TLS/,
    );
  });

  test('--host, OUTBOARD_HOST and DOCKER_HOST take precedence over DOCKER_CONTEXT', async () => {
    const socket = `unix://${daemon.socket}`;
    const expected = `${socket}: Outboard`;
    const env = { DOCKER_CONTEXT: 'plain' };
    assert.equal(await whereTo(['--host', socket], env), expected);
    assert.equal(await whereTo([], { ...env, OUTBOARD_HOST: socket }), expected);
    assert.equal(await whereTo([], { ...env, DOCKER_HOST: socket }), expected);
    // The flag takes precedence over both.
    const hosts = { OUTBOARD_HOST: 'unix:///none', DOCKER_HOST: 'unix:///none' };
    assert.match(await whereTo(['-c', 'local'], hosts), /docker context "local"\): Outboard$/);
  });

  test('the context selected by docker context use is followed, last of all', async () => {
    await docker.succeed('context', 'use', 'local');
    try {
      assert.match(await whereTo([]), /^unix:.* \(docker context "local"\): Outboard$/);
      assert.match(await whereTo([], { DOCKER_CONTEXT: 'secure' }), /\(docker context "secure"\): Outboard$/);
      const other = await whereTo([], { OUTBOARD_HOST: 'unix:///none' });
      assert.match(
        other,
        /^cannot connect to the daemon at unix:\/\/\/none: is it running\? \(outboard daemon\)/,
      );
      const own = await outboard(['-c', 'default', 'version', '--format', 'json']);
      assert.equal(JSON.parse(own.stdout).Client.Daemon, 'unix:///run/outboard/outboard.sock');
    } finally {
      await docker.succeed('context', 'use', 'default');
    }
  });

  test('a selected context whose daemon is away is named, with the way to leave it', async () => {
    await docker.succeed('context', 'create', 'away', '--docker', `host=unix://${home}/none.sock`);
    await docker.succeed('context', 'use', 'away');
    try {
      assert.match(
        await whereTo([]),
        /none\.sock \(docker context "away"\): .*outboard --context default\)\n$/,
      );
      // As docker: without the context that was selected, nothing else is asked.
      await docker.succeed('context', 'rm', '--force', 'away');
      await writeFile(join(docker.config, 'config.json'), '{"currentContext":"away"}');
      assert.match((await outboard(['ls'])).stderr, /^docker context "away" does not exist/);
      await writeFile(join(docker.config, 'config.json'), '{"currentContext":');
      assert.match((await outboard(['ls'])).stderr, /config\.json": it is not valid JSON: .*--host\n$/);
    } finally {
      await writeFile(join(docker.config, 'config.json'), '{}');
    }
  });

  test('an unusable context is an error with its reason', async () => {
    const broken = join(docker.config, 'contexts', 'meta', 'c'.repeat(64));
    await mkdir(broken, { recursive: true });
    await writeFile(join(broken, 'meta.json'), '{');
    for (const [args, reason] of [
      [
        ['-c', 'nope', 'ls'],
        /^docker context "nope" does not exist: there is no .*meta\.json \(docker context ls\)\n$/,
      ],
      [['-c', '../x', 'ls'], /^invalid docker context "\.\.\/x"\n$/],
      [
        ['-c', 'far', 'ls'],
        /^invalid host "ssh:\/\/nobody@example\.com\/\$\(id\)": the path of the socket may have/,
      ],
      [
        ['-c', 'local', '-H', 'unix:///x', 'ls'],
        /^conflicting options: cannot specify both --host and --context\n$/,
      ],
    ] as const) {
      const { code, stderr } = await outboard(args);
      assert.equal(code, 1);
      assert.match(stderr, reason);
    }
  });
});
