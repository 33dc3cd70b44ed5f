/**
 * The command line of Outboard, as a process, against the real daemon and a real registry, and on a pseudo-terminal.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type CommandResult, createDockerCli, type DockerCli } from '../support/docker-cli.ts';
import { assertHostUnchanged, snapshotHost } from '../support/host-snapshot.ts';
import { writePluginContext } from '../support/plugin-fixture.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';

const testsDirectory = fileURLToPath(new URL('..', import.meta.url));
const program = `
  const { runCommandLine } = await import('@outboard/cli');
  process.exitCode = await runCommandLine(process.argv.slice(2), process);
`;
const outboard = [
  ...[process.execPath, '--input-type=module'],
  // An own first argument: Node.js takes "inspect" in that position for its debugger.
  ...['--eval', program, '--', 'outboard'],
];

describe('outboard', () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let configDirectory: string;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let docker: DockerCli;
  let published: string;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    configDirectory = await mkdtemp(join(tmpdir(), 'ob-config-'));
    registry = await startRegistry({ auth: { username: 'someone', password: registryPassword } });
    daemon = await startDaemon({ home });
    docker = await createDockerCli(daemon.socket);
    await writePluginContext(join(home, 'context'), {
      config: { Env: [{ Name: 'DEBUG', Description: '', Value: '0', Settable: ['value'] }] },
    });
    published = `${registry.host}/acme/p:v1`;
    await logIn();
    await succeed('create', published, join(home, 'context'));
    assert.match(await succeed('push', published), /\nv1: digest: sha256:[0-9a-f]{64} size: \d+\n$/);
    await succeed('rm', published);
  });

  after(async () => {
    await docker.remove();
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await registry.stop();
    await rm(configDirectory, { recursive: true });
    await removeHome();
  });

  /** The file that `docker login` writes. */
  const logIn = async () => {
    const auth = Buffer.from(`someone:${registryPassword}`).toString('base64');
    await writeFile(
      join(configDirectory, 'config.json'),
      JSON.stringify({ auths: { [registry.host]: { auth } } }),
    );
  };
  const environment = () => ({
    PATH: process.env.PATH,
    HOME: configDirectory,
    DOCKER_CONFIG: configDirectory,
    OUTBOARD_HOST: `unix://${daemon.socket}`,
  });
  const runProgram = async (command: readonly string[], input = ''): Promise<CommandResult> => {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      cwd: testsDirectory,
      env: environment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A command that reads no input may end before its input is written.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  };
  const run = (...args: readonly string[]) => runProgram([...outboard, ...args]);
  const succeed = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `outboard ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  /**
   * Run a command on a terminal, and type after it has shown a text.
   *
   * @returns the output of the terminal, and the exit code
   */
  const runAtTerminal = async (
    args: readonly string[],
    { after: cue, type }: { after: RegExp; type: string },
  ) => {
    const quoted = [...outboard, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const child = spawn(
      'script',
      ['--quiet', '--return', '--command', `stty cols 100; exec ${quoted}`, '/dev/null'],
      {
        cwd: testsDirectory,
        env: environment(),
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let screen = '';
    let typed = false;
    child.stdout.on('data', (chunk) => {
      screen += chunk;
      if (typed || !cue.test(screen)) return;
      typed = true;
      child.stdin.write(type);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    child.stdin.destroy();
    return { code, screen };
  };

  describe('a registry that refuses the credentials', () => {
    const file = () => join(configDirectory, 'config.json');
    const store = (auths: object) => writeFile(file(), JSON.stringify({ auths }));
    after(logIn);

    test('names the registry, the file without credentials, and the command to run', async () => {
      await store({});
      for (const args of [['install', '--grant-all-permissions'], ['privileges']]) {
        const { code, stderr } = await run(...args, published);
        assert.equal(code, 1);
        assert.match(stderr, /401 Unauthorized: UNAUTHORIZED: authentication required; /);
        const { host } = registry;
        assert.ok(
          stderr.endsWith(
            `registry "${host}" was asked for repository "acme/p" without credentials; ` +
              `no credentials were sent: ${file()} has none for ${host}; to log in, type: outboard login ${host}\n`,
          ),
          stderr,
        );
      }
    });

    test('names the user of the refused credentials, and their source: push', async () => {
      await logIn();
      const { host } = registry;
      const name = `${host}/acme/refused:v1`;
      await succeed('create', name, join(home, 'context'));
      await store({ [host]: { auth: Buffer.from('somebody:wrong-canary').toString('base64') } });
      const { code, stderr } = await run('push', name);
      await succeed('rm', name);
      assert.equal(code, 1);
      assert.match(stderr, /error pushing plugin: .*401 Unauthorized; /);
      assert.ok(
        stderr.endsWith(
          `registry "${host}" refused the credentials of user "somebody" for repository "acme/refused"; ` +
            `the credentials sent were those of user "somebody", from ${file()}; to log in, type: outboard login ${host}\n`,
        ),
        stderr,
      );
      assert.doesNotMatch(stderr, /canary/);
    });
  });

  test('life cycle: install, ls, inspect, disable, set, upgrade, enable, rm', async () => {
    const before = snapshotHost(home);
    const installed = await succeed(
      'install',
      '--grant-all-permissions',
      '--alias',
      'life',
      published,
      'DEBUG=1',
    );
    assert.match(installed, new RegExp(`\\nInstalled plugin ${published}\\n$`));
    assert.match(
      await succeed('ls'),
      /^ID +NAME +STATE +.*\n[0-9a-f]{12} +life:latest +running +- +0 +.*[kM]B +\S+ +[0-9a-f]{12}\n$/,
    );
    assert.equal(await succeed('inspect', '-f', '{{json .Settings.Env}}', 'life'), '["DEBUG=1"]\n');
    const active = await run('set', 'life', 'DEBUG=2');
    assert.deepEqual([active.code, active.stdout], [1, '']);
    assert.match(active.stderr, /^Error response from daemon: cannot set on an active plugin/);
    assert.equal(await succeed('disable', 'life'), 'life\n');
    assert.equal(await succeed('set', 'life', 'DEBUG=2'), '');
    await succeed('upgrade', '--grant-all-permissions', 'life');
    assert.equal(await succeed('enable', 'life'), 'life\n');
    assert.equal(await succeed('rm', '--force', 'life'), 'life\n');
    assert.match(await succeed('gc', '--format', 'json'), /^\{"BlobsRemoved":\d+,"BytesReclaimed":\d+\}\n$/);
    assertHostUnchanged(before);
  });

  test('a plugin that stays enabled: upgrade, inspect, rollback, gc --all', async () => {
    const before = snapshotHost(home);
    const next = `${registry.host}/acme/p:v2`;
    await writePluginContext(join(home, 'next'), { config: { Description: 'the next version' } });
    await succeed('create', next, join(home, 'next'));
    await succeed('push', next);
    await succeed('rm', next);
    await succeed('install', '--grant-all-permissions', '--alias', 'live', published);
    const show = (template: string) => succeed('inspect', '-f', template, 'live');
    const upgrade = ['upgrade', '--grant-all-permissions', '--skip-remote-check', 'live', next];
    assert.match(await succeed(...upgrade), new RegExp(`\\nUpgraded plugin live:latest to ${next}\\n$`));
    assert.equal(await show('{{.Enabled}} {{.State.Status}} {{.PluginReference}}'), `true running ${next}\n`);
    assert.equal(await show('{{.PreviousVersion.PluginReference}}'), `${published}\n`);
    assert.match(await show('{{.PreviousVersion.Bytes}}'), /^\d{4,}\n$/);
    assert.equal(await succeed('rollback', 'live'), `Rolled back plugin live:latest to ${published}\n`);
    assert.equal(
      await show('{{.Enabled}} {{.State.Status}} {{.PluginReference}}'),
      `true running ${published}\n`,
    );
    assert.match(
      await succeed('gc', '--all'),
      /^Removed 1 earlier version of plugins, reclaimed \S+\nRemoved 3 blobs/,
    );
    const refused = await run('rollback', 'live');
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^Error response from daemon: plugin live:latest has no version to roll back to/,
    );
    await succeed('rm', '--force', 'live');
    assertHostUnchanged(before);
  });

  test('prints what the docker CLI prints', async () => {
    await succeed('install', '--grant-all-permissions', '--alias', 'same', '--disable', published);
    try {
      for (const args of [
        ['ls', '--quiet'],
        ['ls', '--no-trunc', '--format', '{{.ID}} {{.Name}} {{.Description}} {{.Enabled}}'],
        ['inspect', '-f', '{{.Enabled}} {{.Settings.Env}}', 'same'],
        ['ls', '--format', 'table {{.Name}}\\t{{.Enabled}}\\t{{.PluginReference}}'],
        ['ls', '--format', 'table {{upper .Name}}\\t{{truncate .ID 5}}'],
        [
          'ls',
          '--format',
          '{{.Name | printf "%-20s|"}} {{if .Enabled}}on{{else}}off{{end}}\\t{{title .Description}}',
        ],
        ['inspect', '-f', '{{range .Settings.Env}}{{println .}}{{end}}{{join .Settings.Env "\\n"}}', 'same'],
        [
          'inspect',
          '-f',
          '{{range $i, $e := .Config.Env}}{{$i}} {{$e.Name}}={{or $e.Value "?"}}{{end}} {{json .Config.Mounts}}',
          'same',
        ],
        [
          'inspect',
          '-f',
          '{{len .Settings.Env}} {{index .Config.Entrypoint 0}} {{eq .Enabled false}}',
          'same',
        ],
        ['inspect', '-f', '{{with .Config.Interface}}{{.Socket}} {{slice .Socket 0 3}}{{end -}} .', 'same'],
      ]) {
        assert.equal(await succeed(...args), await docker.succeed('plugin', ...args), args.join(' '));
      }
      // Fields that only Outboard's daemon adds.
      const listed = ['ls', '--filter', 'enabled=false', '--format', 'json'];
      for (const args of [listed, ['inspect', 'same']]) {
        const ours = [JSON.parse(await succeed(...args))].flat();
        const theirs = [JSON.parse(await docker.succeed('plugin', ...args))].flat();
        assert.deepEqual([{ ...ours[0], ...theirs[0] }], ours, args.join(' '));
      }
      const nextStep = /^(?:: (?:see outboard ls|its settings are DEBUG))?\n$/;
      for (const args of [
        ['inspect', 'nope'],
        ['enable', 'nope'],
        ['rm', 'nope', 'neither'],
        ['ls', '--filter', 'bogus=1'],
        ['set', 'same', 'NOPE=1'],
        ['disable', 'same'],
        ['push', 'nope'],
      ]) {
        const ours = await run(...args);
        const theirs = await docker.run(['plugin', ...args]);
        assert.equal(ours.code, theirs.code, args.join(' '));
        // Docker's text, and after it the next step for a person.
        assert.ok(ours.stderr.startsWith(theirs.stderr.trimEnd()), `${args.join(' ')}: ${ours.stderr}`);
        assert.match(ours.stderr.slice(theirs.stderr.trimEnd().length), nextStep, args.join(' '));
      }
    } finally {
      await succeed('rm', 'same');
    }
  });

  test('shows the users of a plugin, and names them when it cannot be removed', async () => {
    await succeed('install', '--grant-all-permissions', '--alias', 'used', '--disable', published);
    const path = '/outboard/v1/plugins/used/uses';
    const headers = { 'content-type': 'application/json' };
    await callApi(daemon.socket, 'POST', path, { headers, body: '{"Holder":"podman"}' });
    const [{ Since }] = JSON.parse(await succeed('inspect', '-f', '{{json .Uses}}', 'used'));
    const { code, stderr } = await run('rm', 'used');
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `Error response from daemon: plugin used:latest is in use: client podman (since ${Since}): ` +
        'release it with outboard rm --force used, which breaks them\n',
    );
    assert.equal(await succeed('rm', '--force', 'used'), 'used\n');
  });

  test('asks on a terminal, draws progress there, and installs after yes', async () => {
    const { code, screen } = await runAtTerminal(['install', '--alias', 'asked', published], {
      after: /\[y\/N\] /,
      type: 'y\n',
    });
    assert.equal(code, 0, screen);
    assert.match(
      screen,
      /is requesting the following privileges:\r\n - network: \[none\]\r\n {5}has no network\r\n/,
    );
    // Drawn over the row above: cursor up, clear the line.
    assert.match(screen, /\[\d+A\r\P{L}\[2K[0-9a-f]{12}: Complete/u);
    assert.match(screen, /Installed plugin /);
    await succeed('rm', '-f', 'asked');
  });

  for (const [name, type, expected] of [
    ['no', 'n\n', 1],
    ['the end of the input', '\u0004', 1],
    ['Ctrl-C', '\u0003', 130],
  ] as const) {
    test(`installs nothing after ${name} at the terminal`, async () => {
      const { code, screen } = await runAtTerminal(['install', published], { after: /\[y\/N\] /, type });
      assert.equal(code, expected, screen);
      assert.equal(await succeed('ls', '--quiet'), '');
    });
  }

  test('installs nothing without a terminal, even if a pipe answers yes', async () => {
    const { code, stdout, stderr } = await runProgram([...outboard, 'install', published], 'y\n');
    assert.equal(code, 1);
    assert.match(stdout, / - network: \[none\]/);
    assert.match(stderr, /--grant-all-permissions/);
    assert.equal(await succeed('ls', '--quiet'), '');
  });

  test('without credentials the registry refuses, and no consent is requested', async () => {
    const { code, stdout, stderr } = await runProgram([
      ...['env', 'DOCKER_CONFIG=/nonexistent'],
      ...[...outboard, 'privileges', published],
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^Error response from daemon: /);
  });
});
