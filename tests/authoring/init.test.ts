/**
 * Projects that `outboard init` begins: each kind in each language passes its own tests and is packed, and the volume plugin of each
 * language serves a volume.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as run } from '../support/outboard-program.ts';

const exec = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const typescriptKinds = ['volume', 'authz', 'network', 'ipam', 'log', 'metrics', 'secret'] as const;

/** Every project: language, kind, and the command of its tests. */
const projects = [
  ...typescriptKinds.map((kind) => ['typescript', kind, ['npm', 'test']] as const),
  ...(['go', 'python', 'c'] as const).flatMap((language) =>
    (['volume', 'authz'] as const).map((kind) => [language, kind, ['make', 'test']] as const),
  ),
];

describe('outboard init', { skip: needsRoot }, () => {
  let home: string;
  let removeHome: () => Promise<void>;
  let daemon: TestDaemon;

  before(async () => {
    ({ home, remove: removeHome } = await makeDaemonHome());
    daemon = await startDaemon({ home });
  });
  after(async () => {
    assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    await removeHome();
  });

  // Go keeps what it compiles: all projects of this file share it.
  const env = () => ({ GOCACHE: join(home, 'go-cache'), GOFLAGS: '', CGO_ENABLED: '0' });
  const outboard = (...args: readonly string[]) =>
    run(args, { cwd: home, socket: daemon.socket, env: env() });
  async function succeed(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await outboard(...args);
    assert.equal(code, 0, err);
    return out;
  }

  /** Give a project the packages that npm would install: the SDK that came with it, and this repository's compiler. */
  async function installPackages(directory: string): Promise<void> {
    const modules = join(directory, 'node_modules');
    const sdk = join(modules, '@outboard/sdk');
    await mkdir(join(modules, '@outboard'), { recursive: true });
    await mkdir(sdk);
    const archive = join(directory, 'vendor/outboard-sdk.tgz');
    await exec('tar', ['-xzf', archive, '-C', sdk, '--strip-components=1']);
    await mkdir(join(modules, '@types'));
    for (const name of ['typescript', '@types/node', '@typescript', 'undici-types', '.bin']) {
      const installed = join(repository, 'node_modules', name);
      if (await stat(installed).catch(() => undefined)) await symlink(installed, join(modules, name));
    }
  }

  for (const [language, kind, tests] of projects) {
    const name = `${kind}-${language}`;
    test(`begins a ${kind} plugin in ${language} that passes its tests and is built`, async () => {
      assert.match(await succeed('init', '--kind', kind, '--language', language, name), /Next:/);
      const directory = join(home, name);
      if (language === 'typescript') await installPackages(directory);
      const [program, ...args] = tests;
      await exec(program, args, { cwd: directory, env: { ...process.env, ...env() } }).catch(
        ({ stdout, stderr }: { stdout: string; stderr: string }) => assert.fail(`${stdout}${stderr}`),
      );
      // Config and program are judged; each language has a plugin that runs.
      const isUsed = kind === 'volume';
      const { code, err } = await outboard('build', ...(isUsed ? [] : ['--output', `${name}-plugin`]), name);
      assert.equal(code, 0, err);
      assert.doesNotMatch(err, /warning/);
      const readme = await readFile(join(directory, 'README.md'), 'utf8');
      const config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
      for (const field of Object.keys(config))
        assert.match(readme, new RegExp(`^\\| \`${field}\` \\| \\w`, 'm'));
      assert.doesNotMatch(await allText(directory), /__NAME__|__PLUGIN__/);
      if (!isUsed) return;
      await succeed('enable', name);
      await succeed('volume', 'create', '--driver', name, `data-${language}`);
      assert.match(await succeed('volume', 'ls'), new RegExp(`^${name}:latest +data-${language}$`, 'm'));
      const path = await succeed('volume', 'mount', `data-${language}`);
      await writeFile(join(path.trim(), 'file'), 'content');
      await succeed('volume', 'unmount', `data-${language}`);
      await succeed('volume', 'rm', `data-${language}`);
      await succeed('rm', '--force', name);
    });
  }

  /** All text of a project, less its packages and results. */
  async function allText(directory: string): Promise<string> {
    const names = await readdir(directory, { withFileTypes: true });
    const texts = names.map(async (entry) => {
      const path = join(directory, entry.name);
      if (['node_modules', 'dist', 'build', 'vendor'].includes(entry.name)) return '';
      return entry.isDirectory() ? await allText(path) : await readFile(path, 'utf8');
    });
    return (await Promise.all(texts)).join('\n');
  }

  test('installs the packages of a project in TypeScript with npm when it is built', async () => {
    await succeed('init', '--kind', 'authz', '--language', 'typescript', 'acme/npm:1.0');
    const { code, err } = await run(['build', 'npm'], { cwd: home, socket: daemon.socket });
    assert.equal(code, 0, err);
    assert.match(await succeed('ls'), / acme\/npm:1\.0 +disabled/);
  });

  for (const [title, args, code, reason] of [
    ['a directory that holds something', ['taken'], 1, /taken" exists and is not empty/],
    [
      'a name with upper-case letters',
      ['Hello'],
      1,
      /invalid plugin name "Hello": .*want lower-case letters/,
    ],
    ['a name that leads elsewhere', ['../x'], 1, /invalid plugin name "\.\.\/x"/],
    ['a name that no socket can have', ['x'.repeat(80)], 1, /has 80 characters, at most 50/],
    ['an unknown kind', ['--kind', 'volumes', 'x'], 125, /unknown kind "volumes": want one of volume, authz/],
    [
      'an unknown language',
      ['--language', 'rust', 'x'],
      125,
      /unknown language "rust": want one of typescript/,
    ],
    [
      'a kind that a language does not have',
      ['--kind', 'log', '--language', 'c', 'x'],
      1,
      /there is no log plugin in C to begin with: C has volume, authz, and TypeScript has every kind/,
    ],
  ] as const) {
    test(`refuses ${title}, and makes nothing`, async () => {
      await cp(join(repository, 'LICENSE'), join(home, 'taken', 'LICENSE'));
      const before = await readdir(home);
      const result = await outboard('init', ...args);
      assert.equal(result.code, code, result.err);
      assert.match(result.err, reason);
      assert.deepEqual(await readdir(home), before);
      assert.deepEqual(await readdir(join(home, 'taken')), ['LICENSE']);
    });
  }

  test('begins in an empty directory that exists, and chooses a volume plugin in TypeScript without a terminal', async () => {
    await mkdir(join(home, 'empty'));
    assert.match(
      await succeed('init', 'empty'),
      /^Made empty\/ with \d+ files: a volume plugin in TypeScript\./,
    );
  });
});
