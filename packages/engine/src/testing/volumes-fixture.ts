/**
 * Volumes with scripted drivers: each is a real server on a unix socket, called by the real client.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { createPluginClient } from '@outboard/protocol';
import { pino } from 'pino';
import type { PluginDriver, PluginDrivers } from '../drivers/plugin-drivers.ts';
import { openMountLedger } from '../mounts/journaled-ledger.ts';
import type { MountCheck } from '../mounts/mount-check.ts';
import { createMountJournal } from '../mounts/mount-journal.ts';
import type { FindUsers } from '../mounts/mount-uses.ts';
import type { Announcement } from '../observe/engine-events.ts';
import { createVolumes, type OpenVolumes } from '../volumes/create-volumes.ts';
import { VolumeStore } from '../volumes/volume-store.ts';

/** The body of a call to a driver. */
export interface Question {
  readonly Name?: string;
  readonly ID?: string;
  readonly Opts?: Readonly<Record<string, string>>;
}

/** Answers one method; `never` sends no reply. */
export type Answer = (question: Question) => object | 'never' | Promise<object>;

/** A scripted driver. */
export interface TestDriver {
  readonly name: string;
  readonly pluginId: string;
  /** Names of its volumes. */
  readonly volumes: Set<string>;
  /** Answers by method, such as `Get`, that replace the usual ones. */
  readonly answers: Map<string, Answer>;
  /** Methods that were called, with the volume's name. */
  readonly calls: string[];
  state: 'enabled' | 'disabled' | 'gone';
}

/** Volumes under test. */
export interface VolumesFixture {
  readonly directory: string;
  readonly volumes: OpenVolumes;
  readonly announced: Announcement[];
  /** Holders of a driver's volumes, such as `data/me`. */
  holders(driver: Pick<TestDriver, 'name'>): readonly string[];
  /** Start a driver of this name. */
  driver(name: string): Promise<TestDriver>;
  /** Volumes as after a restart of the engine. */
  reopen(): Promise<OpenVolumes>;
}

const createdAt = new Date('2026-01-02T03:04:05Z');

/** Choices of `openFixture()`. */
export interface FixtureOptions {
  readonly surveyTimeoutMs?: number | undefined;
  /** Option of all drivers; default `once`. */
  readonly mountCalls?: 'once' | 'each' | undefined;
  /** Default: every path is a directory on the host. */
  readonly check?: MountCheck | undefined;
  /** Default: nothing uses any volume. */
  readonly findUsers?: FindUsers | undefined;
  /** Default: the time of creation of all volumes. */
  readonly now?: (() => Date) | undefined;
}

/** Takes every path for a directory on the host. */
export const uncheckedMounts: MountCheck = {
  async check(plugin, mountpoint, options) {
    return { hostPath: await plugin.toHostPath(mountpoint, options), fileSystem: '', device: '', pid: 0 };
  },
  checkAll: async (plugin, mountpoints, options) => {
    const results = await plugin.toHostPaths(mountpoints, options);
    return results.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  },
  detach: async () => undefined,
  isMounted: async () => false,
  bury: async () => undefined,
  revive: async () => undefined,
  expose: async () => undefined,
  pidOf: () => 0,
};

/** Open volumes without drivers; everything is removed after the test. */
export async function openFixture(
  context: TestContext,
  options: FixtureOptions = {},
): Promise<VolumesFixture> {
  const { surveyTimeoutMs = 10_000, mountCalls = 'once', check = uncheckedMounts } = options;
  const clock = { now: options.now ?? (() => createdAt) };
  const root = await mkdtemp(join(tmpdir(), 'ob-vol-'));
  context.after(() => rm(root, { recursive: true }));
  const drivers = new Map<string, { readonly test: TestDriver; readonly plugin: PluginDriver }>();
  const announced: Announcement[] = [];
  const directory = join(root, 'volumes');

  const lookUp = lookUpIn(drivers);

  async function open(): Promise<OpenVolumes> {
    const logger = pino({ level: 'silent' });
    return createVolumes({
      store: await VolumeStore.open(directory, logger),
      drivers: lookUp,
      mounts: await openMountLedger({
        journal: createMountJournal({ directory: join(root, 'mounts'), bootId: 'this boot', logger }),
        check,
        bootId: 'this boot',
        mountCallsOf: () => mountCalls,
        logger,
        clock,
      }),
      findUsers: options.findUsers ?? (async () => []),
      announce: (announcement) => announced.push(announcement),
      logger,
      clock,
      surveyTimeoutMs,
    });
  }

  let opened = await open();
  return {
    directory,
    volumes: opened,
    announced,
    holders: ({ name }) =>
      opened
        .referencesOf(name)
        .filter(({ kind }) => kind === 'mount')
        .map(({ holder }) => holder),
    async reopen() {
      opened = await open();
      return opened;
    },
    async driver(name) {
      const driver = await startDriver(context, join(root, `${drivers.size}.sock`), name);
      drivers.set(name, driver);
      return driver.test;
    },
  };
}

function lookUpIn(
  drivers: ReadonlyMap<string, { readonly test: TestDriver; readonly plugin: PluginDriver }>,
): Pick<PluginDrivers, 'find' | 'all'> {
  return {
    async find(name) {
      const found = drivers.get(name) ?? drivers.get(`${name}:latest`);
      if (found === undefined || found.test.state === 'gone') {
        throw new OutboardError('not-found', `plugin "${name}" not found`);
      }
      if (found.test.state === 'disabled') {
        throw new OutboardError('conflict', `plugin ${name} found but disabled`);
      }
      return found.plugin;
    },
    async all() {
      return [...drivers.values()].filter(({ test }) => test.state === 'enabled').map(({ plugin }) => plugin);
    },
  };
}

async function startDriver(context: TestContext, socketPath: string, name: string) {
  const test: TestDriver = {
    name,
    pluginId: `id of ${name}`,
    volumes: new Set(),
    answers: new Map(),
    calls: [],
    state: 'enabled',
  };
  const server = createServer(async (request, response) => {
    const method = (request.url ?? '').replace('/VolumeDriver.', '');
    const question = JSON.parse(await text(request)) as Question; // written by our own client
    test.calls.push([method, question.Name].filter((word) => word !== undefined).join(' '));
    const answer = await (test.answers.get(method) ?? usualAnswers(test)[method])?.(question);
    if (answer === 'never') return;
    response.statusCode = answer !== undefined && 'failed' in answer ? 500 : 200;
    response.end(JSON.stringify(answer ?? { Err: `no method ${method}` }));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  const client = createPluginClient({ socketPath });
  context.after(async () => {
    server.closeAllConnections();
    await client[Symbol.asyncDispose]();
    server.close();
  });
  const toHostPath = async (path: string) => {
    if (path.startsWith('/escape')) throw new OutboardError('system', 'leads out', { code: 'path-escapes' });
    return path === '' ? '' : `/host${path}`;
  };
  const toHostPaths = (paths: readonly string[]) => Promise.allSettled(paths.map(toHostPath));
  const plugin: PluginDriver = { name, pluginId: test.pluginId, client, toHostPath, toHostPaths };
  return { test, plugin };
}

function usualAnswers({ volumes }: TestDriver): Readonly<Record<string, Answer>> {
  const shown = (Name: string) => ({ Name, Mountpoint: `/mnt/${Name}` });
  const missing = { failed: true, Err: 'no such volume' };
  return {
    Capabilities: () => ({ Capabilities: { Scope: 'global' } }),
    Create: ({ Name = '' }) => {
      volumes.add(Name);
      return {};
    },
    Remove: ({ Name = '' }) => (volumes.delete(Name) ? {} : missing),
    Get: ({ Name = '' }) => (volumes.has(Name) ? { Volume: shown(Name) } : missing),
    List: () => ({ Volumes: [...volumes].map(shown) }),
    Path: ({ Name = '' }) => ({ Mountpoint: `/mnt/${Name}` }),
    Mount: ({ Name = '' }) => ({ Mountpoint: `/mnt/${Name}` }),
    Unmount: () => ({}),
  };
}
