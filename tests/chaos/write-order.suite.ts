/**
 * The order in which each operation writes, flushes and renames, recorded from a real engine: it keeps the rules of durable
 * changes, and is the one in docs/reliability.md. `OUTBOARD_WRITE_DOCS=1` writes it there.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { PluginEngine } from '@outboard/engine';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { recordChanges } from '../support/recorded-changes.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';
import { type DurableStep, describeSteps, findUnflushed } from './durable-steps.ts';

const skip = needsRoot;
const page = new URL('../../docs/reliability.md', import.meta.url);

let place: TestEngine;
let registry: TestRegistry;
let engine: PluginEngine;
let dataRoot: string;

before(async () => {
  if (skip !== false) return;
  place = await openTestEngine();
  ({ engine, dataRoot } = place);
  registry = await startRegistry();
});

after(async () => {
  if (skip !== false) return;
  await place[Symbol.asyncDispose]();
  await registry.stop();
});

const remote = (version: string) => `${registry.host}/acme/p:${version}`;
const use = { kind: 'client', holder: 'tests' } as const;
/** A saved plugin, and the ID of it as an archive. */
const saved = { archive: Buffer.alloc(0), id: '' };

function create(version: string) {
  const config = { Description: version };
  return engine.create({ name: remote(version), context: pluginContext({ config }) });
}

async function publish(version: string) {
  await create(version);
  await engine.push({ plugin: remote(version) });
}

async function install(version: string, archive?: string) {
  const request = { remote: remote(version), archive };
  const privileges = await engine.privileges(request.remote, request);
  return await engine.pull({ ...request, privileges, name: 'p' });
}

async function upgrade(version: string) {
  const privileges = await engine.privileges(remote(version));
  await engine.upgrade({ remote: remote(version), plugin: 'p', privileges });
}

async function save(version: string) {
  const chunks: Buffer[] = [];
  const send = async (archive: AsyncIterable<Buffer>) => {
    for await (const chunk of archive) chunks.push(chunk);
  };
  await engine.save({ plugins: [remote(version)], send });
  saved.archive = Buffer.concat(chunks);
}

async function load() {
  async function* once() {
    yield saved.archive;
  }
  saved.id = (await engine.stageArchive(once())).id;
}

const idOf = () => engine.inspect('p').id;

/** Operations in an order in which each finds what it needs; those in parentheses prepare others and are not in the page. */
const operations: Readonly<Record<string, () => Promise<unknown>>> = {
  create: () => create('v1'),
  push: () => engine.push({ plugin: remote('v1') }),
  '(a second version)': () => publish('v2'),
  '(save)': () => save('v2'),
  remove: () => engine.remove(remote('v1')),
  '(remove)': () => engine.remove(remote('v2')),
  install: () => install('v1'),
  set: () => engine.set('p', ['DEBUG=1']),
  options: () => engine.update('p', { limits: { pids: 100 } }),
  use: () => engine.references.add(idOf(), use),
  'end of a use': () => engine.references.remove(idOf(), use),
  upgrade: () => upgrade('v2'),
  rollback: () => engine.rollback('p'),
  enable: () => engine.enable('p'),
  'creation of a volume': () => engine.volumes.create({ name: 'data', driver: 'p' }),
  'removal of a volume': () => engine.volumes.remove('data'),
  disable: () => engine.disable('p'),
  'garbage collection': () => engine.collectGarbage({ all: true }),
  '(removal)': () => engine.remove('p'),
  load,
  '(installation of an archive)': () => install('v2', saved.id),
  '(end of the archive)': () => engine.dropArchive(saved.id),
};

for (const [name, run] of Object.entries(operations)) {
  test(`V1-V4 ${name} flushes what its commit needs before it, and the commit before its answer`, {
    skip,
  }, async () => {
    const steps = describeSteps(await recordChanges(dataRoot, run), dataRoot);
    assert.deepEqual(findUnflushed(steps), []);
    if (!name.startsWith('(')) assertOnPage(name, steps);
  });
}

/** Compare with the block of the page, or write it. */
function assertOnPage(name: string, steps: readonly DurableStep[]): void {
  const lines = steps.map(({ text, isCommit }) => (isCommit ? `${text}    <- commit` : text));
  const block = `<!-- writes: ${name} -->\n\`\`\`text\n${withoutRepeats(lines).join('\n') || 'nothing'}\n\`\`\``;
  const text = readFileSync(page, 'utf8');
  const present = new RegExp(String.raw`<!-- writes: ${name} -->\n\`\`\`text\n[^\`]*\`\`\``);
  assert.match(text, present, 'docs/reliability.md has no block for it');
  if (process.env.OUTBOARD_WRITE_DOCS === '1')
    writeFileSync(
      page,
      text.replace(present, () => block),
    );
  else assert.equal(present.exec(text)?.[0], block, 'run this with OUTBOARD_WRITE_DOCS=1');
}

/** Groups of lines that follow each other, such as those of each blob, are shown once. */
function withoutRepeats(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const length = [1, 2, 3, 4].find((count) => {
      const group = lines.slice(at, at + count);
      return group.length === count && group.join('\n') === shown.slice(-count).join('\n');
    });
    if (length === undefined) shown.push(lines[at] ?? '');
    else at += length - 1;
  }
  return shown;
}
