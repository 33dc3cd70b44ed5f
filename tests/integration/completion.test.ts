/**
 * Completions in the real shells: keys typed into bash and zsh on a terminal, and fish's own list of candidates, with plugins,
 * settings and volumes of a daemon.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { needsPrograms } from '../support/packed-programs.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginApi } from '../support/plugin-api.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const shells = ['/usr/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/usr/bin/script'];

const env = [
  { Name: 'DEBUG', Description: 'log more', Settable: ['value'], Value: '0' },
  { Name: 'FIXED', Description: '', Settable: null, Value: '0' },
];

describe('completion', { skip: needsRoot || needsPrograms(...shells) }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
    const api = pluginApi(daemon.socket);
    await api.create('acme/running:v1', perlPluginArchive());
    await api.enable('acme/running:v1');
    await api.create('stopped', perlPluginArchive('plain', { Env: env }));
    // Other plugins of this host may have volumes of usual names.
    const volume = JSON.stringify({ Name: 'completed', Driver: 'acme/running:v1' });
    const headers = { 'content-type': 'application/json' };
    const made = await callApi(daemon.socket, 'POST', '/volumes/create', { headers, body: volume });
    assert.equal(made.status, 201, made.text);
    await mkdir(join(home, 'bin'));
    await mkdir(join(home, 'work', 'plugin-data'), { recursive: true });
    await writeFile(join(home, 'work', 'plugin-file'), '');
    const start = `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`;
    await writeFile(join(home, 'bin', 'outboard'), start);
    await chmod(join(home, 'bin', 'outboard'), 0o755);
  });
  after(async () => {
    await callApi(daemon.socket, 'DELETE', '/volumes/completed');
    for (const name of ['acme/running:v1', 'stopped:latest'])
      await callApi(daemon.socket, 'DELETE', `/plugins/${name}?force=1`);
    await daemon.end('SIGTERM');
    await removeHome();
  });

  /** Run a shell to its end, with input as typed. */
  async function run(argv: readonly string[], input: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, {
      cwd: join(home, 'work'),
      env: {
        PATH: `${join(home, 'bin')}:${process.env.PATH}`,
        HOME: home,
        TERM: 'dumb',
        OUTBOARD_HOST: `unix://${daemon.socket}`,
        ...more,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(input);
    return await text(child.stdout);
  }

  /** Type lines up to a tab, and let the shell print the words that the tab makes of each. */
  async function pressTab(shell: readonly string[], setUp: string, lines: readonly string[]) {
    // Control-A and Control-E go to the beginning and the end of the line.
    const typed = lines.map((line) => `${line}\t\u0001printf '=>%s|' \u0005; echo\n`);
    const command = `stty cols 300; exec ${shell.join(' ')}`;
    const input = `${setUp}\n${typed.join('')}exit\n`;
    const out = await run(['script', '--quiet', '--command', command, '/dev/null'], input);
    const words = [...out.matchAll(/^=>(.*)\|\r?$/gm)].map(([, found = '']) => found.replaceAll('|=>', ' '));
    return { words, out };
  }

  const cases: readonly (readonly [typed: string, completed: string])[] = [
    ['outboard ena', 'outboard enable'],
    ['outboard volume cr', 'outboard volume create'],
    ['outboard plugin ins', 'outboard plugin ins'],
    ['outboard disable ', 'outboard disable acme/running:v1'],
    ['outboard enable ', 'outboard enable stopped'],
    ['outboard top acme/running:', 'outboard top acme/running:v1'],
    ['outboard set stopped ', 'outboard set stopped DEBUG='],
    ['outboard volume inspect comp', 'outboard volume inspect completed'],
    ['outboard volume ls --fo', 'outboard volume ls --format'],
    ['outboard ls --format j', 'outboard ls --format json'],
    ['outboard ls --format=j', 'outboard ls --format=json'],
    ['outboard update --gateway-mount-calls o', 'outboard update --gateway-mount-calls once'],
    ['outboard create p plugin-', 'outboard create p plugin-data/'],
    ['outboard check --format t', 'outboard check --format text'],
    ['outboard check plugin-', 'outboard check plugin-data/'],
    ['outboard check sto', 'outboard check stopped'],
    ['outboard daemon --log-level w', 'outboard daemon --log-level warn'],
    ['outboard build --config plugin-f', 'outboard build --config plugin-file'],
  ];

  test('bash completes commands, plugins, settings, volumes and values', async () => {
    const shell = ['bash', '--norc', '--noprofile', '-i'];
    const setUp = "PS1='$ '; bind 'set bell-style none'; source <(outboard completion bash)";
    const { words, out } = await pressTab(
      shell,
      setUp,
      cases.map(([typed]) => typed),
    );
    assert.deepEqual(
      words,
      cases.map(([, completed]) => completed),
      out,
    );
  });

  test('zsh completes the same', async () => {
    const shell = ['zsh', '-f', '-i'];
    const setUp = [
      "PS1='$ '; unsetopt beep auto_menu list_ambiguous prompt_cr prompt_sp auto_remove_slash; bindkey -e",
      'autoload -U compinit; compinit -u -D; source <(outboard completion zsh)',
    ].join('\n');
    const { words, out } = await pressTab(
      shell,
      setUp,
      cases.map(([typed]) => typed),
    );
    assert.deepEqual(
      words,
      cases.map(([, completed]) => completed),
      out,
    );
  });

  test('fish completes the same, and shows help', async () => {
    const script = [
      'outboard completion fish | source',
      ...cases.map(([typed]) => `complete -C '${typed}'; echo ==`),
    ].join('\n');
    const out = await run(['fish', '--no-config', '--command', script], '');
    const found = out
      .split('==\n')
      .slice(0, -1)
      .map((lines) =>
        lines
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')[0]),
      );
    for (const [index, [typed, completed]] of cases.entries()) {
      const wanted = typed === completed ? ['inspect', 'install'] : [completed.split(' ').at(-1)];
      assert.deepEqual(found[index], wanted, typed);
    }
    assert.match(out, /^enable\tstart a plugin, now and at each start of the host$/m);
    assert.match(out, /^DEBUG=\tlog more$/m);
  });

  test('without a daemon it is silent, and completes what needs none', async () => {
    const script =
      'outboard completion fish | source; complete -C "outboard enable "; complete -C "outboard gc --al"';
    for (const address of [`unix://${home}/none.sock`, 'nonsense']) {
      const out = await run(['fish', '--no-config', '--command', script], '', { OUTBOARD_HOST: address });
      assert.equal(
        out,
        '--all\talso the versions that plugins could be rolled back to, and interrupted downloads\n',
      );
    }
  });
});
