import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { openMountLedger } from '../mounts/journaled-ledger.ts';
import { createMountJournal } from '../mounts/mount-journal.ts';
import type { PluginReference } from '../references/plugin-references.ts';
import { recordFixture } from '../testing/record-fixture.ts';
import { uncheckedMounts } from '../testing/volumes-fixture.ts';
import { openVolumes } from './open-volumes.ts';

test('mounts that an earlier version kept as references are taken over, unless the host was booted since', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'ob-open-'));
  context.after(() => rm(root, { recursive: true }));
  const plugin = recordFixture({ name: 'acme/p:latest' });
  const since = new Date();
  const beforeBoot = new Date(Date.now() - (uptime() + 60) * 1000);
  let stored: readonly PluginReference[] = [
    { kind: 'client', holder: 'me', since },
    { kind: 'mount', holder: 'a/b/web', since },
    { kind: 'mount', holder: 'data/old', since: beforeBoot },
  ];
  const logger = pino({ level: 'silent' });
  const open = async () => {
    const mounts = await openMountLedger({
      journal: createMountJournal({ directory: join(root, 'mounts'), bootId: 'boot', logger }),
      check: uncheckedMounts,
      bootId: 'boot',
      mountCallsOf: () => 'once',
      logger,
    });
    await openVolumes({
      store: { all: () => [plugin], get: () => plugin },
      drivers: { find: () => assert.fail('no driver is called'), all: async () => [] },
      references: {
        of: () => stored,
        async remove(_, { kind, holder }) {
          stored = stored.filter((other) => other.kind !== kind || other.holder !== holder);
        },
        addSource: () => undefined,
      },
      mounts,
      findUsers: async () => [],
      announce: () => undefined,
      logger,
      directory: join(root, 'volumes'),
    });
    return mounts.held(plugin.name).map(({ volume, holders }) => [volume, holders.map(({ id }) => id)]);
  };
  assert.deepEqual(await open(), [['a/b', ['web']]]);
  assert.deepEqual(
    stored.map(({ kind }) => kind),
    ['client'],
  );
  assert.deepEqual(await open(), [['a/b', ['web']]]);
});
