import assert from 'node:assert/strict';
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { containerPaths } from '@outboard/container';
import { createExecRootWatch } from './exec-root-watch.ts';

const id = 'a'.repeat(64);
/** Longer than any test. */
const forEver = 2 ** 31 - 1;

interface Place {
  readonly execRoot: string;
  readonly socketDirectory: string;
  readonly socket: string;
}

/** A plugin's place on the host, with a socket that is listened on. */
async function openPlace(context: TestContext): Promise<Place> {
  const execRoot = await mkdtemp(join(tmpdir(), 'outboard-place-'));
  context.after(() => rm(execRoot, { recursive: true, force: true }));
  const socketDirectory = join(execRoot, 'plugins', id);
  const { record, directory } = containerPaths(execRoot).bundle(id);
  for (const path of [join(execRoot, 'plugins'), socketDirectory, join(execRoot, 'bundles'), directory])
    mkdirSync(path);
  writeFileSync(record, '{}');
  const place = { execRoot, socketDirectory, socket: join(socketDirectory, 'p.sock') };
  await bind(context, place.socket);
  return place;
}

async function bind(context: TestContext, path: string): Promise<void> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer().listen(path, () => resolve(made));
  });
  context.after(() => new Promise((resolve) => server.close(resolve)));
}

test('findDamage() finds none where all is there', async (context) => {
  const { execRoot, socket } = await openPlace(context);
  const { signal } = new AbortController();
  assert.equal(await createExecRootWatch(execRoot).findDamage(id, socket, { signal }), undefined);
});

test('findDamage() waits for a plugin that makes its socket again', async (context) => {
  const { execRoot, socket } = await openPlace(context);
  const places = createExecRootWatch(execRoot, { rebindMs: forEver });
  await places.add(id);
  unlinkSync(socket);
  const { signal } = new AbortController();
  const found = places.findDamage(id, socket, { signal });
  // Once another look has told of it, that one has seen it too.
  const other = createExecRootWatch(execRoot, { rebindMs: 1 });
  assert.match((await other.findDamage(id, socket, { signal })) ?? '', /^its socket, .*, was deleted$/);
  await bind(context, socket);
  assert.equal(await found, undefined);
});

test('findDamage() reports a socket that stays missing, and its directory when that is deleted meanwhile', async (context) => {
  const { execRoot, socketDirectory, socket } = await openPlace(context);
  const { signal } = new AbortController();
  unlinkSync(socket);
  const impatient = createExecRootWatch(execRoot, { rebindMs: 1 });
  assert.equal(
    await impatient.findDamage(id, socket, { signal }),
    `its socket, ${JSON.stringify(socket)}, was deleted`,
  );
  const found = createExecRootWatch(execRoot, { rebindMs: forEver }).findDamage(id, socket, { signal });
  rmSync(socketDirectory, { recursive: true });
  assert.equal(await found, `the directory of its socket, ${JSON.stringify(socketDirectory)}, was deleted`);
});

test('findDamage() waits no longer than it is wanted', async (context) => {
  const { execRoot, socket } = await openPlace(context);
  unlinkSync(socket);
  const scope = new AbortController();
  const found = createExecRootWatch(execRoot, { rebindMs: forEver }).findDamage(id, socket, {
    signal: scope.signal,
  });
  scope.abort();
  await found;
});
