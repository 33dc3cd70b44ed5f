import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { PluginClient } from '@outboard/protocol';
import { pino } from 'pino';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import { openMountLedger } from './journaled-ledger.ts';
import type { CheckedMount, MountCheck } from './mount-check.ts';
import { createMountJournal, type MountJournal } from './mount-journal.ts';
import type { MountingDriver, MountLedger } from './mount-ledger.ts';

const logger = pino({ level: 'silent' });

/** A driver in memory that counts as sshfs's does, and what host and plugin see of it. */
class CountingDriver implements MountingDriver, MountCheck {
  readonly #calls: string[] = [];
  /** Count and mount by volume. */
  readonly #counts = new Map<string, number>();
  readonly mounts = new Map<string, number>();
  readonly volumes = new Set(['data', 'free']);
  readonly revived: string[] = [];
  readonly exposed: string[] = [];
  devices = 0;
  pid = 1;
  failure: unknown;
  /** Errors of the next checks. */
  readonly checkFailures: unknown[] = [];
  /** Called within each call. */
  during: (call: string) => void | Promise<void> = () => undefined;

  readonly plugin = {
    name: 'acme/p:latest',
    pluginId: 'p',
    client: {} as PluginClient, // never called
    toHostPath: async (path: string) => path,
    toHostPaths: async () => [],
  };
  readonly checkAll = async (_driver: PluginDriver, mountpoints: readonly string[]) => mountpoints;
  readonly calls = {
    mount: async (volume: string, id: string) => {
      await this.#note(`Mount ${volume} ${id}`);
      const count = this.#counts.get(volume) ?? 0;
      if (count === 0) this.#mountAt(volume);
      this.#counts.set(volume, count + 1);
      return `/mnt/${volume}`;
    },
    unmount: async (volume: string, id: string) => {
      await this.#note(`Unmount ${volume} ${id}`);
      const count = (this.#counts.get(volume) ?? 0) - 1;
      this.#counts.set(volume, count);
      if (count > 0) return;
      if (!this.mounts.delete(volume)) throw refusal('not mounted');
      this.#counts.set(volume, 0);
    },
    path: async (volume: string) => `/mnt/${volume}`,
    get: async (volume: string) => {
      if (this.volumes.has(volume)) return { name: volume, mountpoint: '' };
      throw refusal('no such volume');
    },
    list: async () => [...this.volumes].map((name) => ({ name, mountpoint: '' })),
    create: async (volume: string, options: Readonly<Record<string, string>>) => {
      this.#calls.push(`Create ${volume} ${JSON.stringify(options)}`);
      this.volumes.add(volume);
    },
  };

  /** The calls since the last look. */
  get seen(): readonly string[] {
    return this.#calls.splice(0);
  }

  #mountAt(volume: string): void {
    this.devices += 1;
    this.mounts.set(volume, this.devices);
  }

  async isMounted({ hostPath }: { readonly hostPath: string }): Promise<boolean> {
    return this.mounts.has(hostPath.slice('/mnt/'.length));
  }

  async check(_: unknown, mountpoint: string): Promise<CheckedMount> {
    const failure = this.checkFailures.shift();
    if (failure !== undefined) throw failure;
    const device = this.mounts.get(mountpoint.slice('/mnt/'.length));
    const mounted =
      device === undefined ? { fileSystem: '', device: '' } : { fileSystem: 'fuse', device: `0:${device}` };
    return { hostPath: mountpoint, pid: this.pid, ...mounted };
  }

  async detach({ hostPath }: { readonly hostPath: string }): Promise<void> {
    this.#calls.push(`detach ${hostPath}`);
    this.mounts.delete(hostPath.slice('/mnt/'.length));
  }

  async bury(): Promise<void> {}

  async expose(_: unknown, hostPath: string): Promise<void> {
    this.exposed.push(hostPath);
  }

  async revive(_: unknown, hostPath: string): Promise<void> {
    this.revived.push(hostPath);
  }

  pidOf(): number {
    return this.pid;
  }

  /** The process is killed: its counts are gone, and mounts as well unless the kernel serves them. */
  crash({ keepsMounts = false } = {}): void {
    this.pid += 1;
    this.#counts.clear();
    if (!keepsMounts) this.mounts.clear();
  }

  async #note(call: string): Promise<void> {
    await this.during(call);
    this.#calls.push(call);
    if (this.failure !== undefined) throw this.failure;
  }
}

function refusal(message: string): OutboardError {
  return new OutboardError('system', message, { code: 'plugin-error' });
}

interface Subject {
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

async function open(context: TestContext, mountCalls: 'once' | 'each' = 'once'): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), 'ob-ledger-'));
  context.after(() => rm(root, { recursive: true }));
  const driver = new CountingDriver();
  const at = (directory: string, bootId = 'boot 1') => {
    const journal: MountJournal = createMountJournal({ directory, bootId, logger });
    return openMountLedger({ journal, check: driver, bootId, mountCallsOf: () => mountCalls, logger });
  };
  const directory = join(root, 'mounts');
  const subject: Subject = {
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

const remounting = { mayCall: true } as const;

test('the driver mounts for the first holder and unmounts after the last, with the ID of the first', async (context) => {
  const { driver, mount, unmount, holders } = await open(context);
  assert.equal(await mount('data', 'a'), '/mnt/data');
  assert.equal(await mount('data', 'b'), '/mnt/data');
  assert.equal(await mount('data', 'b'), '/mnt/data'); // docker cp
  assert.deepEqual(holders(), ['data/a 1', 'data/b 2']);
  assert.ok(await unmount('data', 'a'));
  assert.ok(await unmount('data', 'b'));
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.ok(await unmount('data', 'b'));
  assert.deepEqual(driver.seen, ['Unmount data a']);
  assert.deepEqual(holders(), []);
});

test('an option of the plugin lets every mount reach the driver', async (context) => {
  const { driver, mount, unmount } = await open(context, 'each');
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  for (const id of ['b', 'a', 'b']) await unmount('data', id);
  assert.deepEqual(driver.seen, [
    'Mount data a',
    'Mount data b',
    'Mount data b',
    'Unmount data b',
    'Unmount data a',
    'Unmount data b',
  ]);
});

test('an unmount of an unknown ID succeeds and reaches nobody', async (context) => {
  const { driver, mount, unmount, holders } = await open(context);
  assert.equal(await unmount('data', 'a'), false);
  await mount('data', 'a');
  assert.equal(await unmount('data', 'b'), false);
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), ['data/a 1']);
});

test('a mount that the driver refuses counts nothing and is not undone', async (context) => {
  const { driver, mount, holders, directory } = await open(context);
  driver.failure = refusal('device is busy');
  await assert.rejects(mount('data', 'a'), { message: 'device is busy' });
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('a mount whose answer was lost, and one whose caller has left, is undone', async (context) => {
  const { driver, mount, holders } = await open(context);
  driver.failure = new OutboardError('unavailable', 'timed out', { code: 'plugin-timeout' });
  await assert.rejects(mount('data', 'a'), { code: 'plugin-timeout' });
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  driver.failure = undefined;
  driver.crash();
  const caller = new AbortController();
  driver.during = () => caller.abort(new Error('the caller has left'));
  await assert.rejects(mount('data', 'a', caller.signal), { message: 'the caller has left' });
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  assert.deepEqual(holders(), []);
});

test('a holder stays when the driver cannot unmount', async (context) => {
  const { driver, mount, unmount, holders } = await open(context);
  await mount('data', 'a');
  driver.failure = refusal('device is busy');
  await assert.rejects(unmount('data', 'a'), { message: 'device is busy' });
  assert.deepEqual(holders(), ['data/a 1']);
  driver.failure = undefined;
  driver.crash();
  await mount('data', 'b');
  assert.deepEqual(holders(), ['data/a 1', 'data/b 1']);
});

test('a holder can leave when the driver has lost its mount', async (context) => {
  const { driver, mount, unmount, holders } = await open(context);
  await mount('data', 'a');
  driver.crash();
  assert.ok(await unmount('data', 'a'));
  assert.deepEqual(holders(), []);
});

test('the holders of a plugin that was disabled or removed leave without a call', async (context) => {
  const { driver, mount, ledger, holders } = await open(context);
  await mount('data', 'a');
  const request = { driver: 'acme/p:latest', volume: 'data', id: 'a' };
  assert.ok(await ledger.unmount(request, async () => undefined, {}));
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), []);
});

test('a driver that counted below zero is called until it mounts', async (context) => {
  const { driver, mount, unmount } = await open(context);
  await mount('data', 'a');
  await unmount('data', 'a');
  // As Docker Engine does after a crash of the plugin.
  await assert.rejects(driver.calls.unmount('data', 'x'));
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a', 'Unmount data x']);
  await mount('data', 'b');
  assert.ok(driver.mounts.has('data'), 'the holder got an unmounted directory');
  await unmount('data', 'b');
  assert.ok(!driver.mounts.has('data'), 'the driver has counted a mount too many');
});

test('a held mount that died under a living driver is made anew for the next holder', async (context) => {
  const { driver, mount, holders } = await open(context);
  await mount('data', 'a');
  driver.mounts.delete('data'); // the server of its file system was killed
  await mount('data', 'b');
  assert.ok(driver.mounts.has('data'));
  assert.deepEqual(holders(), ['data/a 1', 'data/b 1']);
});

test('a mount whose plugin ends before it is checked is checked again, and not made twice', async (context) => {
  const { driver, mount, holders } = await open(context);
  const ended = { code: 'plugin-connection-lost' };
  driver.checkFailures.push(new OutboardError('unavailable', 'the plugin does not run', ended));
  assert.equal(await mount('data', 'a'), '/mnt/data');
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(holders(), ['data/a 1']);
  const refused = new OutboardError('system', 'no');
  driver.checkFailures.push(refused);
  await assert.rejects(mount('free', 'b'), refused);
  assert.deepEqual(driver.seen, ['Mount free b', 'Unmount free b']);
});

test('a directory in place of a mount is an error when the driver cannot be brought to mount', async (context) => {
  const { driver, mount, unmount, holders } = await open(context);
  await mount('data', 'a');
  await unmount('data', 'a');
  context.mock.method(driver.mounts, 'set', () => driver.mounts);
  await assert.rejects(mount('data', 'b'), {
    code: 'mount-lost',
    message: /reports "\/mnt\/data" for volume "data", where nothing is mounted/,
  });
  assert.deepEqual(holders(), []);
});

test('held mounts that died with the process of the plugin are made again with their IDs, others stay', async (context) => {
  const { driver, mount, ledger, unmount } = await open(context);
  for (const id of ['a', 'b']) await mount('data', id);
  await mount('free', 'c');
  await unmount('free', 'c');
  assert.equal(driver.seen.length, 3);
  driver.crash();
  const results = await ledger.remount(driver, remounting);
  assert.deepEqual(
    results.map(({ held, error }) => [held.volume, error]),
    [['data', undefined]],
  );
  assert.deepEqual(driver.seen, ['Mount data a']);
  assert.deepEqual(driver.revived, ['/mnt/data']);
  await ledger.remount(driver, remounting);
  assert.deepEqual(driver.seen, [], 'a living mount was touched');
  assert.equal(driver.revived.length, 1);
});

test('a kernel mount outlives its process, and is detached after the last holder when the driver forgot it', async (context) => {
  const { driver, mount, unmount, ledger } = await open(context);
  await mount('data', 'a');
  driver.crash({ keepsMounts: true });
  await ledger.remount(driver, remounting);
  await mount('data', 'b');
  assert.deepEqual(driver.seen, ['Mount data a']);
  await unmount('data', 'a');
  await unmount('data', 'b').catch(() => undefined);
  assert.deepEqual(driver.seen, ['Unmount data a', 'detach /mnt/data']);
});

test('each call is made again for a driver that counts by itself', async (context) => {
  const { driver, mount, ledger } = await open(context, 'each');
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  driver.crash();
  assert.equal(driver.seen.length, 3);
  await ledger.remount(driver, remounting);
  assert.deepEqual(driver.seen, ['Mount data a', 'Mount data b', 'Mount data b']);
});

test('a driver that has forgotten a held volume gets it again', async (context) => {
  const { driver, mount, ledger } = await open(context);
  await mount('data', 'a');
  driver.crash();
  driver.volumes.clear();
  assert.equal(driver.seen.length, 1);
  await ledger.remount(driver, { ...remounting, optionsOf: () => ({ size: '1' }) });
  assert.deepEqual(driver.seen, ['Create data {"size":"1"}', 'Mount data a']);
});

test('a driver that mounts again by itself is not called, and the reason is known until it does', async (context) => {
  const { driver, mount, ledger } = await open(context);
  await mount('data', 'a');
  driver.crash();
  const [result] = await ledger.remount(driver, { mayCall: false });
  const [held] = ledger.held('acme/p:latest');
  assert.match(held?.failure ?? '', /nothing is mounted any more$/);
  assert.ok(result?.error instanceof OutboardError && result.error.code === 'mount-lost');
  assert.deepEqual(driver.seen, ['Mount data a']);
  await driver.calls.mount('data', 'by itself');
  await ledger.remount(driver, { mayCall: false });
  assert.equal(ledger.held('acme/p:latest')[0]?.failure, '');
});

test('the directory below is writable again for a last Unmount, and for a driver that cannot mount otherwise', async (context) => {
  const { driver, mount, unmount, ledger } = await open(context);
  await mount('data', 'a');
  await mount('data', 'b');
  for (const message of ['no route to host', 'rmdir /mnt/data: Operation not permitted']) {
    assert.deepEqual(driver.exposed, []);
    driver.crash();
    driver.during = () => {
      throw refusal(message);
    };
    await ledger.remount(driver, remounting);
  }
  assert.deepEqual(driver.exposed.splice(0), ['/mnt/data']);
  driver.during = () => undefined;
  await ledger.remount(driver, remounting);
  await unmount('data', 'a');
  assert.deepEqual(driver.exposed, []);
  driver.during = () => assert.deepEqual(driver.exposed, ['/mnt/data']);
  await unmount('data', 'b');
  assert.deepEqual(driver.exposed, ['/mnt/data']);
});

test('a mount waits for a remount that is under way', async (context) => {
  const { driver, mount, ledger } = await open(context);
  await mount('data', 'a');
  driver.crash();
  const remount = ledger.remount(driver, remounting);
  await Promise.all([mount('data', 'b'), remount]);
  assert.deepEqual(driver.seen, ['Mount data a', 'Mount data a']);
});

test('a later process has the holders, and one of another boot has none', async (context) => {
  const { driver, mount, unmount, holders, reopen } = await open(context);
  for (const id of ['a', 'b', 'b']) await mount('data', id);
  await reopen();
  assert.deepEqual(holders(), ['data/a 1', 'data/b 2']);
  for (const id of ['a', 'b', 'b']) await unmount('data', id);
  assert.deepEqual(driver.seen, ['Mount data a', 'Unmount data a']);
  await mount('data', 'a');
  await reopen({ bootId: 'boot 2' });
  assert.deepEqual(holders(), []);
});

for (const method of ['Mount', 'Unmount'] as const) {
  test(`a process that is killed around ${method} forgets no mount and counts none that is not`, async (context) => {
    const subject = await open(context);
    const { driver, mount, unmount, reopen, holders, directory } = subject;
    for (const isDone of [false, true]) {
      const copy = `${directory}-${isDone}`;
      if (method === 'Unmount') await mount('data', 'a');
      driver.during = async (call) => {
        if (!call.startsWith(method)) return;
        driver.during = () => undefined;
        await cp(directory, copy, { recursive: true }); // all that a killed process leaves
      };
      await (method === 'Mount' ? mount('data', 'a') : unmount('data', 'a'));
      const wasMounted = method === 'Unmount';
      // The driver has seen the call, or it was killed before.
      if (isDone === wasMounted) driver.crash();
      const later = await reopen({ directory: copy });
      assert.deepEqual(later.idsOf('acme/p:latest', 'data'), ['a'], 'the plugin counts as unused');
      await later.remount(driver, remounting);
      assert.deepEqual(holders(), []);
      assert.ok(!driver.mounts.has('data'), 'a mount that nobody holds is left');
      await subject.reopen({ directory });
      driver.crash();
      await unmount('data', 'a');
      driver.crash();
    }
  });
}

test('the holders of a removed driver are forgotten', async (context) => {
  const { mount, ledger, holders, directory } = await open(context);
  await mount('data', 'a');
  await ledger.forgetDriver('acme/p:latest');
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), []);
});

test('a damaged file of the journal is set aside', async (context) => {
  const { mount, directory, reopen, holders } = await open(context);
  await mount('data', 'a');
  const [name = ''] = readdirSync(directory);
  await cp('/etc/hostname', join(directory, name));
  await reopen();
  assert.deepEqual(holders(), []);
  assert.deepEqual(readdirSync(directory), [`${name}.damaged`]);
});
