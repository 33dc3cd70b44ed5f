import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { openStaging } from './staging.ts';
import type { OpenUnpackJail } from './unpack-jail.ts';
import { createWorkspaces } from './workspaces.ts';

/** Workspaces over a real staging directory; the jails only count how many are open. */
async function withWorkspaces(
  work: (subject: {
    workspaces: ReturnType<typeof createWorkspaces>;
    staged: () => Promise<readonly string[]>;
    jails: { opened: number; live: number };
  }) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-workspaces-'));
  const jails = { opened: 0, live: 0 };
  const openJail: OpenUnpackJail = () => {
    jails.opened++;
    jails.live++;
    return {
      apply: () => Promise.reject(new Error('not in this test')),
      archive: () => assert.fail('not in this test'),
      finish: async () => {},
      async [Symbol.asyncDispose]() {
        jails.live--;
      },
    };
  };
  try {
    const logger = pino({ level: 'silent' });
    const workspaces = createWorkspaces(await openStaging(directory, logger), openJail, logger);
    await work({ workspaces, staged: () => readdir(directory), jails });
    await workspaces.close();
    assert.deepEqual(await readdir(directory), [], 'nothing stays in the staging directory');
    assert.equal(jails.live, 0, 'no jail lives on');
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('open() takes the workspace that prepare() made, once', () =>
  withWorkspaces(async ({ workspaces, jails }) => {
    workspaces.prepare();
    workspaces.prepare();
    const first = await workspaces.open();
    assert.equal(jails.opened, 1, 'one is made ready, however often it is asked for');
    const second = await workspaces.open();
    assert.equal(jails.opened, 2);
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  }));

test('close() disposes an unused workspace', () =>
  withWorkspaces(async ({ workspaces, staged, jails }) => {
    workspaces.prepare();
    await workspaces.close();
    assert.equal(jails.opened, 1);
    assert.deepEqual(await staged(), []);
  }));
