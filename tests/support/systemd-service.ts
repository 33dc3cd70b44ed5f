/**
 * Outboard as a service of a host with systemd: units installed by its command line, plugins through its API.
 */
import { fileURLToPath } from 'node:url';
import { callApi } from './daemon.ts';
import { perlPluginArchive } from './perl-plugin.ts';
import type { HostCommandResult, SystemdHost } from './systemd-host.ts';

/** Properties of a running plugin that `inspect` and `outboard ls` do not show. */
export interface ServedPlugin {
  readonly id: string;
  readonly name: string;
}

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const socket = '/run/outboard/outboard.sock';

/** The last build of the program, with the arguments of its command line. */
export function outboardCommand(...args: readonly string[]): readonly string[] {
  return [process.execPath, program, ...args];
}

/** Run the command line on the host and assert success. */
export function outboard(host: SystemdHost, ...args: readonly string[]): Promise<string> {
  const [file = '', ...rest] = outboardCommand(...args);
  return host.ok(file, ...rest);
}

/** Run the command line on the host, with any exit code. */
export function tryOutboard(host: SystemdHost, ...args: readonly string[]): Promise<HostCommandResult> {
  const [file = '', ...rest] = outboardCommand(...args);
  return host.run(file, ...rest);
}

/** Start a daemon that is no unit of Outboard, at the default addresses. */
export async function startForeignDaemon(host: SystemdHost, ...args: readonly string[]): Promise<void> {
  const unit = ['--unit=by-hand', '--service-type=notify', '--property=KillMode=process', '--collect'];
  await host.ok('systemd-run', '--quiet', ...unit, '--', ...outboardCommand('daemon', ...args));
}

export function stopForeignDaemon(host: SystemdHost): Promise<string> {
  return host.ok('systemctl', 'stop', 'by-hand.service');
}

/** Create a plugin with every kind of limit, and enable it. */
export async function startBoundedPlugin(host: SystemdHost, name: string): Promise<ServedPlugin> {
  const limits = { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 40 };
  const body = perlPluginArchive('plain', { outboard: { limits } });
  const created = await callApi(host.path(socket), 'POST', `/plugins/create?name=${name}`, { body });
  if (created.status !== 204) throw new Error(`create: ${created.status} ${created.text}`);
  await outboard(host, 'enable', name);
  return { id: await outboard(host, 'inspect', '--format', '{{.Id}}', name), name };
}

/** Pid of a plugin's first process in the namespace of the host; 0 if it does not run. */
export async function pidOnHost(host: SystemdHost, { name }: ServedPlugin): Promise<number> {
  const { text } = await callApi(host.path(socket), 'GET', `/outboard/v1/plugins/${name}/json`);
  return JSON.parse(text).State?.Pid ?? 0;
}

/** Parent of a process of the host; for a plugin's first process this is its monitor. */
export async function parentOnHost(host: SystemdHost, pid: number): Promise<number> {
  const status = await host.ok('cat', `/proc/${pid}/status`);
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

/** Cgroup of a process of the host, in the hierarchy that systemd uses. */
export async function cgroupOnHost(host: SystemdHost, pid: number): Promise<string> {
  const lines = (await host.ok('cat', `/proc/${pid}/cgroup`)).split('\n');
  const line =
    lines.find((each) => /^\d+:name=systemd:/.test(each)) ?? lines.find((each) => /^0::/.test(each));
  return line?.replace(/^\d+:[^:]*:/, '') ?? '';
}

/** Limits of a cgroup in the kernel. */
export function boundsOf(host: SystemdHost, cgroup: string): Readonly<Record<string, string>> {
  const quota = host.cgroupFile(cgroup, 'cpu.max', 'cpu.cfs_quota_us').replace(/ 100000$/, '');
  const memory = host.cgroupFile(cgroup, 'memory.max', 'memory.limit_in_bytes');
  return { memory, quota, pids: host.cgroupFile(cgroup, 'pids.max') };
}
