/**
 * The README of every package shows a program. It is type-checked, runs as it is printed in every supported Node.js, which
 * knows no types and not the newest syntax, and its output is compared with the block of text directly after it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makeDaemonHome } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pages, repository } from './pages.ts';

const run = promisify(execFile);

/** Packages whose programs start containers or mount. */
const needRoot = ['container', 'engine', 'daemon'];
/** Packages whose programs run in `programs.test.ts`, which calls them while they serve. */
const runElsewhere = ['sdk'];

/** A program of a README. */
interface Example {
  readonly packageName: string;
  readonly place: string;
  readonly program: string;
  /** The text of the block after it; undefined if another program or no block follows. */
  readonly output?: string | undefined;
}

const examples: readonly Example[] = pages.flatMap(({ path, blocks }) => {
  const packageName = /^packages\/([^/]+)\/README\.md$/.exec(path)?.[1];
  if (packageName === undefined) return [];
  return blocks.flatMap(({ language, line, text }, index) => {
    const next = blocks[index + 1];
    const output = next?.language === 'text' ? next.text : undefined;
    return language === 'ts' ? [{ packageName, place: `${path}:${line}`, program: text, output }] : [];
  });
});

test('the README of every package shows a program', async () => {
  const packages = await readdir(join(repository, 'packages'));
  const shown = new Set(examples.map(({ packageName }) => packageName));
  assert.deepEqual(
    packages.filter((name) => !shown.has(name)),
    [],
  );
});

describe('the programs in the READMEs of packages', () => {
  let directory = '';

  before(async () => {
    await mkdir(join(repository, '.cache'), { recursive: true });
    directory = await mkdtemp(join(repository, '.cache', 'examples-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('are type-checked', async () => {
    const base = join(repository, 'tsconfig.base.json');
    const compilerOptions = { noEmit: true, composite: false, declaration: false, declarationMap: false };
    const project = join(directory, 'tsconfig.json');
    await writeFile(project, JSON.stringify({ extends: base, compilerOptions, include: ['*.ts'] }));
    for (const [index, { packageName, program }] of examples.entries())
      await writeFile(join(directory, `${packageName}-${index}.ts`), program);
    const compiler = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');
    await run(process.execPath, [compiler, '--project', project]).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    );
  });

  for (const { packageName, place, program, output } of examples) {
    if (runElsewhere.includes(packageName)) continue;
    const skip = needRoot.includes(packageName) && needsRoot;
    test(`${place} runs and prints what the page says`, { skip }, async (context) => {
      const { home, remove } = await makeDaemonHome();
      context.after(remove);
      const there = (text: string) =>
        text
          .replaceAll('/var/lib/outboard', join(home, 'data'))
          .replaceAll('/run/outboard', join(home, 'run'))
          .replaceAll('/run/docker/plugins', join(home, 'gateway'));
      const file = join(directory, `${packageName}-run.mjs`);
      await writeFile(file, there(program));
      const { stdout } = await run(process.execPath, [file]);
      if (output !== undefined) assert.equal(stdout, there(output));
    });
  }
});
