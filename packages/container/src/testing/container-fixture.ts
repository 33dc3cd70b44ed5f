/**
 * Fixture of container tests: an exec root, containers that run shell scripts with programs of the host, and a check
 * that nothing of them is left.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import pino from 'pino';
import { createCgroupsPath } from '../cgroup/cgroup-driver.ts';
import { findCgroupDirectories } from '../cgroup/cgroup-tree.ts';
import { setPathAttribute, terminatePath } from '../linux/file-calls.ts';
import { identifyProcess } from '../linux/process-identity.ts';
import { type ConmonRuntimeOptions, openConmonRuntime } from '../runtime/conmon-runtime.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';

export interface ContainerFixture {
  readonly execRoot: string;
  readonly rootfs: string;
  /** A new runtime over the same exec root, as after a restart of the daemon. */
  open(options?: Partial<ConmonRuntimeOptions>): Promise<ContainerRuntime>;
  createId(): string;
  /** A runtime spec for the host's programs. */
  spec(id: string, args: readonly string[], linux?: object): object;
  bundle(id: string): string;
}

const hostDirectories = ['/usr', '/bin', '/lib', '/lib64'];

/**
 * OCI runtimes that tests can use on this host: runc always, crun where it is installed and supports the host (it
 * rejects a mix of cgroup v1 and v2).
 */
export function usableRuntimes(): readonly ('runc' | 'crun')[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const isHybrid = / - cgroup /.test(mounts) && / - cgroup2 /.test(mounts);
  const directories = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];
  const hasCrun = directories.some((directory) => existsSync(join(directory, 'crun')));
  return hasCrun && !isHybrid ? ['runc', 'crun'] : ['runc'];
}

/** Create the fixture of one test, which fails when anything of its containers is left. */
export function createContainerFixture(test: TestContext): ContainerFixture {
  const root = mkdtempSync(join(tmpdir(), 'outboard-runtime-'));
  const execRoot = join(root, 'run');
  const rootfs = join(root, 'rootfs');
  // Node.js may be installed outside of the system's directories.
  const directories = [...new Set([...hostDirectories, dirname(dirname(process.execPath))])];
  for (const directory of ['/proc', '/dev', '/tmp', ...directories])
    mkdirSync(join(rootfs, directory), { recursive: true });
  const runtimes: ContainerRuntime[] = [];
  const ids: string[] = [];
  // Waiting for an exit does not keep a process alive, and these tests do little else.
  const alive = setInterval(() => undefined, 60_000);
  test.after(async () => {
    clearInterval(alive);
    for (const runtime of runtimes) runtime.release();
    try {
      await assertNothingLeft(execRoot, ids);
    } finally {
      await removeAll(execRoot);
      rmSync(root, { recursive: true });
    }
  });
  return {
    execRoot,
    rootfs,
    async open(options = {}) {
      const runtime = await openConmonRuntime({ execRoot, logger: pino({ level: 'silent' }), ...options });
      runtimes.push(runtime);
      return runtime;
    },
    createId() {
      const id = randomBytes(32).toString('hex');
      ids.push(id);
      return id;
    },
    spec: (id, args, linux = {}) => runtimeSpec({ id, args, rootfs, directories, linux }),
    bundle: (id) => join(execRoot, 'bundles', id),
  };
}

function runtimeSpec(options: {
  readonly id: string;
  readonly args: readonly string[];
  readonly rootfs: string;
  readonly directories: readonly string[];
  readonly linux: object;
}): object {
  const { id, args, rootfs, directories, linux } = options;
  const binds = directories.map((directory) => ({
    destination: directory,
    type: 'bind',
    source: directory,
    options: ['rbind', 'ro'],
  }));
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/usr/sbin:/usr/bin:/bin'],
      cwd: '/',
      capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] },
    },
    root: { path: rootfs },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      ...binds,
    ],
    linux: {
      cgroupsPath: createCgroupsPath(id, 'cgroupfs'),
      namespaces: ['mount', 'pid', 'network', 'ipc', 'uts'].map((type) => ({ type })),
      ...linux,
    },
  };
}

/** A failed test leaves its containers: remove them, so that they do not outlive the tests. */
async function removeAll(execRoot: string): Promise<void> {
  const runtime = await openConmonRuntime({ execRoot, logger: pino({ level: 'silent' }) });
  const { running, ended } = await runtime.recover();
  for (const container of [...running.values(), ...ended.values()]) await container.remove();
  runtime.release();
}

/** Assert that no cgroup, bundle, runtime state, mount or process of these containers is left. */
export async function assertNothingLeft(execRoot: string, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    assert.deepEqual(await findCgroupDirectories(createCgroupsPath(id, 'cgroupfs')), [], `cgroup of ${id}`);
  assert.deepEqual(readdirSync(join(execRoot, 'bundles')), [], 'bundles');
  assert.deepEqual(readdirSync(join(execRoot, 'runtime')), [], 'runtime state');
  assert.deepEqual(processesNaming(execRoot), [], 'processes');
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(execRoot), false, 'mounts');
}

/** Command lines that name a path, without this process's own. */
export function processesNaming(path: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => `${pid} ${readCommandLine(pid)}`)
    .filter((line) => line.includes(path));
}

function readCommandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It ended after the directory was listed.
    return '';
  }
}

/** True while a process runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  return identifyProcess(pid) !== undefined;
}

/** Give a file capabilities. @param value of `security.capability`, see capabilities(7) */
export function setFileCapabilities(path: string, value: Uint8Array): void {
  const result = setPathAttribute(
    terminatePath(Buffer.from(path)),
    'security.capability',
    value,
    value.length,
    0,
  );
  assert.equal(result, 0, 'lsetxattr');
}
