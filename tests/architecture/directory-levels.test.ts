/**
 * Keeps the levels of directories inside each package, so that directories cannot import each other in circles.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkDirectoryLevels } from './check-directory-levels.ts';
import { asyncLevels } from './directory-levels/async.ts';
import { authoringLevels } from './directory-levels/authoring.ts';
import { cliLevels } from './directory-levels/cli.ts';
import { containerLevels } from './directory-levels/container.ts';
import { daemonLevels } from './directory-levels/daemon.ts';
import type { DirectoryLevels } from './directory-levels/directory-levels.ts';
import { engineLevels } from './directory-levels/engine.ts';
import { gatewayLevels } from './directory-levels/gateway.ts';
import { ociLevels } from './directory-levels/oci.ts';
import { protocolLevels } from './directory-levels/protocol.ts';
import { sdkLevels } from './directory-levels/sdk.ts';
import { readSources, type SourceFile } from './source-imports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const packages: readonly DirectoryLevels[] = [
  asyncLevels,
  ociLevels,
  containerLevels,
  protocolLevels,
  engineLevels,
  gatewayLevels,
  authoringLevels,
  daemonLevels,
  cliLevels,
  sdkLevels,
];

describe('directory levels', () => {
  before(() => process.chdir(repository));

  test('every package has a list of its directory levels', async () => {
    const names = await readdir(join(repository, 'packages'));
    assert.deepEqual(
      packages.map(({ source }) => source).toSorted(),
      names.map((name) => `packages/${name}/src`).toSorted(),
    );
  });

  for (const list of packages) {
    test(`${list.source} imports only from lower levels of its list`, async () => {
      assert.deepEqual(checkDirectoryLevels(list, await readSources(repository, list.source)), []);
    });
  }
});

describe('checkDirectoryLevels()', () => {
  before(() => process.chdir(repository));

  for (const [name, levels, files, expected] of [
    ['accepts imports downwards', [['a'], ['b']], { 'b/x': ['../a/x'], 'a/x': [] }, []],
    ['accepts an import of the base from everywhere', [['a']], { 'a/x': ['../x'], x: [] }, []],
    [
      'accepts a base of several files',
      [['a']],
      { 'a/x': ['../x'], x: ['./y'], y: [], index: ['./a/x'] },
      [],
    ],
    [
      'finds an import upwards',
      [['a'], ['b']],
      { 'b/x': ['../a/x'], 'a/y': ['../b/x'], 'a/x': [] },
      ['a -> b points upwards or sideways, in src/a/y.ts'],
    ],
    [
      'finds an import sideways',
      [['a', 'b']],
      { 'b/x': [], 'a/x': ['../b/x'] },
      ['a -> b points upwards or sideways, in src/a/x.ts'],
    ],
    [
      'finds an import of the wiring',
      [['a']],
      { 'a/x': ['../x'], x: ['./a/y'], 'a/y': [] },
      ['a -> the top points upwards or sideways, in src/a/x.ts'],
    ],
    [
      'finds an import from a directory to the one around it',
      [['a'], ['a/b']],
      { 'a/x': ['./b/x'], 'a/b/x': [], 'a/b/y': ['../y'], 'a/y': [] },
      ['a -> a/b points upwards or sideways, in src/a/x.ts'],
    ],
    ['finds a directory without a row', [], { 'a/x': [] }, ['a is in no level']],
    ['finds a stale row', [['a', 'b']], { 'a/x': [] }, ['the row of b is stale']],
    ['finds a second row', [['a', 'a']], { 'a/x': [] }, ['a is in two levels']],
    [
      'finds levels that nothing holds apart',
      [['a'], ['b']],
      { 'a/x': [], 'b/x': [] },
      ['the level of b and the one below it are one'],
    ],
    ['lets tests import everything', [['a', 'b']], { 'b/x': [], 'a/x': [], 'a/x.test': ['../b/x'] }, []],
  ] as const) {
    test(name, () => {
      const list = { source: 'src', levels };
      assert.deepEqual(checkDirectoryLevels(list, filesOf(files)), expected);
    });
  }
});

function filesOf(imports: Readonly<Record<string, readonly string[]>>): readonly SourceFile[] {
  return Object.entries(imports).map(([name, specifiers]) => ({
    path: `src/${name}.ts`,
    imports: specifiers.map((specifier) => ({ specifier: `${specifier}.ts`, isReExport: false })),
  }));
}
