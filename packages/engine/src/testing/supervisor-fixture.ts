/**
 * Shared by the tests of supervision: a data root and an exec root of their own, real plugins that run one script with
 * the host's Node.js, and a check that nothing of them is left.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type ConmonRuntimeOptions,
  type ContainerRuntime,
  openConmonRuntime,
  openRunningContainers,
} from '@outboard/container';
import { assertNothingLeft } from '@outboard/container/testing';
import pino from 'pino';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { createPreflight } from '../preflight/host-preflight.ts';
import { createPluginLayout, type PluginLayout } from '../store/plugin-layout.ts';
import { createFailureFiles } from '../supervise/failure-file.ts';
import { createPluginHost } from '../supervise/host/linux-plugin-host.ts';
import { connectPluginSocket } from '../supervise/host/open-plugin-socket.ts';
import { createSupervisor, type SupervisorDeps } from '../supervise/plugin-supervisor.ts';
import type { PluginState, Supervisor } from '../supervise/supervisor.ts';
import { recordFixture } from './record-fixture.ts';

/** A supervisor and how its plugins' states went. */
export interface OpenedSupervisor {
  readonly supervisor: Supervisor;
  readonly runtime: ContainerRuntime;
  /** The state that a plugin has or reaches next for which this holds. */
  waitFor<Status extends PluginState['status']>(
    id: string,
    status: Status,
    accept?: (state: Extract<PluginState, { status: Status }>) => boolean,
  ): Promise<Extract<PluginState, { status: Status }>>;
}

export interface SupervisorFixture {
  readonly execRoot: string;
  readonly layout: PluginLayout;
  /** A new supervisor over the same roots, as after a restart of the daemon. */
  open(options?: Partial<SupervisorDeps>, runtime?: Partial<ConmonRuntimeOptions>): Promise<OpenedSupervisor>;
  /** Put a plugin on disk, as an install does. */
  install(script: string, config?: object): PluginRecord;
}

/**
 * Opens the socket; what follows is the test's. It runs before the socket accepts, so that what a test does once the
 * plugin is ready finds all of it in place.
 */
export const listening = `
import { createServer } from 'node:net';
process.on('SIGTERM', () => process.exit(0));
console.log('starting');
setImmediate(() => {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen('/run/docker/plugins/plugin.sock');
});
`;

/** Made for one test; when it ends, nothing may be left of its plugins. */
export function createSupervisorFixture(test: TestContext): SupervisorFixture {
  const root = mkdtempSync(join(tmpdir(), 'outboard-supervise-'));
  const execRoot = join(root, 'run');
  const layout = createPluginLayout(join(root, 'data'));
  mkdirSync(layout.pluginsDirectory, { recursive: true });
  const logger = pino({ level: 'silent' });
  const opened: OpenedSupervisor[] = [];
  const ids: string[] = [];
  // Waiting for a plugin's exit does not keep a program alive, and these tests do little else.
  const alive = setInterval(() => undefined, 60_000);

  async function open(
    options: Partial<SupervisorDeps> = {},
    runtimeOptions: Partial<ConmonRuntimeOptions> = {},
  ): Promise<OpenedSupervisor> {
    const runtime = await openConmonRuntime({ execRoot, logger, ...runtimeOptions });
    const preflight = createPreflight({ layout, runtime: 'runc', logger });
    const containers = openRunningContainers({ execRoot, logger });
    const cgroupDriver = 'cgroupfs';
    const host = createPluginHost({ layout, containers, execRoot, preflight, cgroupDriver, logger });
    const supervisor = createSupervisor({
      failures: createFailureFiles(layout, logger),
      runtime,
      host,
      connect: connectPluginSocket,
      logger,
      backOff: { initialMs: 1, maxMs: 20 },
      ...options,
    });
    const result: OpenedSupervisor = {
      supervisor,
      runtime,
      waitFor: (id, status, accept) => waitFor(supervisor, id, status, accept),
    };
    opened.push(result);
    return result;
  }

  test.after(async () => {
    clearInterval(alive);
    await endFixture({ root, execRoot, ids, opened, open });
  });

  return {
    execRoot,
    layout,
    open,
    install(script, config = {}) {
      const id = randomBytes(32).toString('hex');
      ids.push(id);
      return installPlugin({ id, rootfs: layout.plugin(id).rootfs, script, config });
    },
  };
}

/** Shut everything down, and check that nothing is left of the plugins. */
async function endFixture({
  root,
  execRoot,
  ids,
  opened,
  open,
}: {
  readonly root: string;
  readonly execRoot: string;
  readonly ids: readonly string[];
  readonly opened: readonly OpenedSupervisor[];
  readonly open: () => Promise<OpenedSupervisor>;
}): Promise<void> {
  for (const { supervisor, runtime } of opened) {
    await supervisor.shutdown('leave-running');
    runtime.release();
  }
  try {
    await assertNothingLeft(execRoot, ids);
    assert.deepEqual(listDirectory(join(execRoot, 'plugins')), [], 'socket directories');
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(root), false, 'mounts');
  } finally {
    // A test that failed half-way leaves its plugins, none of which is wanted any more.
    const { supervisor, runtime } = await open();
    await supervisor.restore([]);
    await supervisor.shutdown('stop');
    runtime.release();
    rmSync(root, { recursive: true });
  }
}

function installPlugin(options: {
  readonly id: string;
  readonly rootfs: string;
  readonly script: string;
  readonly config: object;
}): PluginRecord {
  const { id, rootfs, script } = options;
  // Node.js may be installed outside of the system's directories.
  const directories = [...new Set(['/usr', '/bin', '/lib', '/lib64', dirname(dirname(process.execPath))])];
  for (const directory of ['/proc', '/sys', '/dev', '/run/docker/plugins', '/propagated', ...directories]) {
    mkdirSync(join(rootfs, directory), { recursive: true });
  }
  writeFileSync(join(rootfs, 'plugin.mjs'), script);
  const document = {
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: [process.execPath, '/plugin.mjs'],
    mounts: directories.map((directory) => ({
      name: directory,
      source: directory,
      destination: directory,
      type: 'bind',
      options: ['rbind', 'ro'],
    })),
    ...options.config,
  };
  const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
  return recordFixture({
    id,
    name: `acme/${id.slice(0, 8)}:latest`,
    config,
    settings: initialSettings(config),
  });
}

/** A plugin's log once there is one: the monitor writes it a moment after the plugin did. */
export async function readLog(supervisor: Supervisor, id: string): Promise<readonly string[]> {
  for (;;) {
    const lines = await supervisor.readLogTail(id, 20);
    if (lines.length > 0) return lines;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function listDirectory(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function waitFor<Status extends PluginState['status']>(
  supervisor: Supervisor,
  id: string,
  status: Status,
  accept: (state: Extract<PluginState, { status: Status }>) => boolean = () => true,
): Promise<Extract<PluginState, { status: Status }>> {
  return new Promise((resolve) => {
    const look = (state: PluginState): boolean => {
      // The comparison proves the narrowing, which the compiler cannot follow for a generic status.
      const narrowed = state as Extract<PluginState, { status: Status }>;
      if (state.status !== status || !accept(narrowed)) return false;
      resolve(narrowed);
      return true;
    };
    if (look(supervisor.state(id))) return;
    const stop = supervisor.onChange((changed, state) => {
      if (changed === id && look(state)) stop();
    });
  });
}
