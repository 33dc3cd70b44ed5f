import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { openMountLedger } from '../mounts/journaled-ledger.ts';
import { createMountJournal, type MountJournal } from '../mounts/mount-journal.ts';
import type { MountLedger } from '../mounts/mount-ledger.ts';
import { CountingDriver } from './counting-driver.ts';

const logger = pino({ level: 'silent' });

/** A ledger with the driver that it calls. */
export interface LedgerFixture {
  readonly driver: CountingDriver;
  ledger: MountLedger;
  readonly directory: string;
  mount(volume: string, id: string, signal?: AbortSignal): Promise<string>;
  unmount(volume: string, id: string): Promise<boolean>;
  /** A ledger of a later process, over a copy of the journal as it is now. */
  reopen(options?: { readonly bootId?: string; readonly directory?: string }): Promise<MountLedger>;
  /** Holders with counts. */
  holders(ledger?: MountLedger): readonly string[];
}

/**
 * Open a ledger over an empty journal, which is removed after the test.
 * @param mountCalls `each`: the driver counts by itself
 */
export async function openLedger(
  context: TestContext,
  mountCalls: 'once' | 'each' = 'once',
): Promise<LedgerFixture> {
  const root = await mkdtemp(join(tmpdir(), 'ob-ledger-'));
  context.after(() => rm(root, { recursive: true }));
  const driver = new CountingDriver();
  const at = (directory: string, bootId = 'boot 1') => {
    const journal: MountJournal = createMountJournal({ directory, bootId, logger });
    return openMountLedger({ journal, check: driver, bootId, mountCallsOf: () => mountCalls, logger });
  };
  const directory = join(root, 'mounts');
  const subject: LedgerFixture = {
    driver,
    directory,
    ledger: await at(directory),
    mount: (volume, id, signal) => subject.ledger.mount(driver, { volume, id }, { signal }),
    unmount: (volume, id) =>
      subject.ledger.unmount({ driver: 'acme/p:latest', volume, id }, async () => driver, {}),
    async reopen({ bootId, directory: given = directory } = {}) {
      subject.ledger = await at(given, bootId);
      return subject.ledger;
    },
    holders: (ledger = subject.ledger) =>
      ledger
        .held('acme/p:latest')
        .flatMap(({ volume, holders }) => holders.map(({ id, count }) => `${volume}/${id} ${count}`)),
  };
  return subject;
}

/** Options of a remount that may call the driver. */
export const remounting = { mayCall: true } as const;
