import { OutboardError } from '@outboard/oci';
import type { PluginClient } from '@outboard/protocol';
import type { PluginDriver } from '../drivers/plugin-drivers.ts';
import type { CheckedMount, MountCheck } from '../mounts/mount-check.ts';
import type { MountingDriver } from '../mounts/mount-ledger.ts';

/** A driver in memory that counts as sshfs's does, and what host and plugin see of it. */
export class CountingDriver implements MountingDriver, MountCheck {
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

/** An error that a plugin answers with. */
export function refusal(message: string): OutboardError {
  return new OutboardError('system', message, { code: 'plugin-error' });
}
