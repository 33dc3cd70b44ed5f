/** Every command of `outboard`, `docker` and `npm` that the documentation shows exists, with each of its flags. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { pages, repository } from './pages.ts';
import { commandsOf, type ShellCommand } from './shell-lines.ts';

const outboard = join(repository, 'bin', 'outboard');
const helps = new Map<string, Promise<string>>();

/** Help text of a program, cached. */
function helpOf(program: 'outboard' | 'docker', words: readonly string[]): Promise<string> {
  const key = [program, ...words].join(' ');
  const [file, args] =
    program === 'outboard' ? [process.execPath, [outboard, ...words]] : ['docker', [...words]];
  const help = helps.get(key) ?? promisify(execFile)(file, [...args, '--help']).then(({ stdout }) => stdout);
  helps.set(key, help);
  return help;
}

const commandNames = (help: string): readonly string[] =>
  [...help.matchAll(/^ {2}([a-z][a-z-]*)[ |*]/gm)].map(([, name = '']) => name);

/** Flags before `--`; none in the command of `exec`. */
function flagsOf(words: readonly string[]): readonly string[] {
  return words.filter((word) => /^-{1,2}[a-zA-Z]/.test(word)).map((word) => word.replace(/=.*/, ''));
}

function hasFlag(help: string, flag: string): boolean {
  // Letters may be combined, as in -it.
  const letters = /^-([a-zA-Z]{2,})$/.exec(flag)?.[1];
  const wanted = letters === undefined ? [flag] : [...letters].map((letter) => `-${letter}`);
  return wanted.every((one) => new RegExp(`(^|[\\s,])${one}(?![\\w-])`, 'm').test(help));
}

/** The words that name a command, such as `service install`, found through the help of its parent. */
async function commandWords(
  program: 'outboard' | 'docker',
  words: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  const rest = words.filter((word, index) => !word.startsWith('-') && !takesValue(words[index - 1]));
  for (const word of rest) {
    const names = commandNames(await helpOf(program, found));
    if (!names.includes(word)) break;
    found.push(word);
    if (program === 'outboard' && !groups.has(word)) break;
  }
  return found;
}

/** Commands of `outboard` that have subcommands. */
const groups: ReadonlySet<string> = new Set(['service', 'volume']);

/** Flags of the programs themselves, which precede the command. */
function takesValue(flag: string | undefined): boolean {
  return ['-H', '--host', '-c', '--context', '--tlscacert', '--tlscert', '--tlskey'].includes(flag ?? '');
}

const commands = pages
  .filter(({ path }) => path !== 'CHANGELOG.md')
  .flatMap(({ blocks }) => blocks.flatMap(commandsOf));
const of = (program: string): readonly ShellCommand[] => commands.filter(({ words }) => words[0] === program);

describe('the commands in the documentation', () => {
  for (const program of ['outboard', 'docker'] as const) {
    test(`of ${program} exist, with their flags`, async () => {
      const shown = of(program);
      assert.ok(shown.length > 10, `found only ${shown.length}`);
      const wrong: string[] = [];
      for (const { place, words } of shown) {
        const command = await commandWords(program, words.slice(1));
        if (command.length === 0 && words[1] !== '--version')
          wrong.push(`${place}: no such command: ${words.join(' ')}`);
        const help = (await helpOf(program, [])) + (await helpOf(program, command));
        const own =
          words[1] === 'exec'
            ? words.slice(
                0,
                words.findIndex((w, i) => i > 1 && !w.startsWith('-')),
              )
            : words;
        for (const flag of flagsOf(own))
          if (!hasFlag(help, flag)) wrong.push(`${place}: ${flag}: ${words.join(' ')}`);
      }
      assert.deepEqual(wrong, []);
    });
  }

  test('of npm are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
    const shown = of('npm').map(({ words }) => (words[1] === 'run' ? words[2] : words[1]) ?? '');
    assert.ok(shown.length > 3);
    // Those of npm itself.
    const known = [...Object.keys(scripts), 'install', 'uninstall'];
    for (const name of shown) assert.ok(known.includes(name), `npm run ${name}`);
  });

  test('that Node.js runs are files of the repository', () => {
    const file = (words: readonly string[]) => words.slice(1).find((word) => !word.startsWith('-')) ?? '';
    const run = of('node').map(({ place, words }) => ({ directory: dirname(place), file: file(words) }));
    assert.ok(run.length > 0);
    for (const { directory, file } of run) {
      const found = [join(repository, file), join(repository, directory, file)].some((path) =>
        existsSync(path),
      );
      assert.ok(found, file);
    }
  });
});

/** Flags of other programs that pages name, by program. */
const othersFlags: Readonly<Record<string, readonly string[]>> = {
  'docker run': ['--privileged', '--log-driver'],
  'docker network create': ['--ipam-driver'],
  'podman run': ['--rootfs'],
  dockerd: ['--live-restore'],
  'skopeo copy': ['--preserve-digests', '--sign-by', '--sign-by-sigstore-private-key'],
  gpg: ['--export', '--show-keys'],
  sha256sum: ['--check', '--ignore-missing'],
  cosign: ['--new-bundle-format', '--tlog-upload', '--use-signing-config'],
};

/** Flags after `npm run NAME --`. */
function flagsOfScripts(): readonly string[] {
  const sources = [
    'scripts/chaos.mjs',
    'scripts/demo.mjs',
    'scripts/fuzz.mjs',
    'scripts/host/arguments.mjs',
    'scripts/package.mjs',
    'bench/src/main.ts',
    'bench/src/load/main.ts',
    'tests/conformance/engine-api/main.ts',
  ];
  return sources.flatMap((path) => {
    const source = readFileSync(join(repository, path), 'utf8');
    // As text, or as the keys of parseArgs().
    const literal = [...source.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag);
    const keys = [...source.matchAll(/^\s*'?([a-z][a-z-]*)'?: \{ type: '/gm)].map(([, key]) => `--${key}`);
    return [...literal, ...keys];
  });
}

test('every flag in the text of a page belongs to outboard, docker or another known program', async () => {
  const known = new Set([...Object.values(othersFlags).flat(), ...flagsOfScripts()]);
  const top = await helpOf('outboard', []);
  for (const name of commandNames(top)) {
    const help = await helpOf('outboard', [name]);
    for (const [flag] of help.matchAll(/--[a-z][a-z-]+/g)) known.add(flag);
  }
  for (const [flag] of top.matchAll(/--[a-z][a-z-]+/g)) known.add(flag);
  for (const words of [
    ['service', 'install'],
    ['volume', 'mount'],
  ]) {
    for (const [flag] of (await helpOf('outboard', words)).matchAll(/--[a-z][a-z-]+/g)) known.add(flag);
  }
  for (const words of [
    [],
    ['plugin', 'install'],
    ['plugin', 'create'],
    ['plugin', 'ls'],
    ['volume', 'prune'],
    ['volume', 'rm'],
    ['volume', 'create'],
    ['events'],
    ['volume', 'ls'],
    ['run'],
    ['network', 'create'],
    ['secret', 'create'],
  ]) {
    for (const [flag] of (await helpOf('docker', words)).matchAll(/--[a-z][a-z-]+/g)) known.add(flag);
  }
  const unknown: string[] = [];
  for (const { path, prose } of pages.filter(({ path }) => path !== 'CHANGELOG.md')) {
    for (const [code] of prose.matchAll(/`[^`\n]+`/g)) {
      for (const [flag] of code.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)) {
        if (!known.has(flag)) unknown.push(`${path}: ${flag}`);
      }
    }
  }
  assert.deepEqual([...new Set(unknown)], []);
});

test('every flag of the daemon is in docs/daemon.md', async () => {
  const page = pages.find(({ path }) => path === 'docs/daemon.md')?.prose ?? '';
  const flags = [...(await helpOf('outboard', ['daemon'])).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(
    ([, flag = '']) => flag,
  );
  assert.ok(flags.length > 20);
  assert.deepEqual(
    flags.filter((flag) => !['--help', '--version'].includes(flag) && !page.includes(flag)),
    [],
  );
});

test('every command of outboard is in docs/command-line.md', async () => {
  const page = pages.find(({ path }) => path === 'docs/command-line.md')?.prose ?? '';
  const missing = commandNames(await helpOf('outboard', [])).filter(
    (name) => !new RegExp(`^\\|.*\`${name}\\b`, 'm').test(page),
  );
  assert.deepEqual(missing, []);
});
