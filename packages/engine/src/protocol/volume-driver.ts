/**
 * The typed client of VolumeDriver 1.0. Paths in replies are the plugin's own: whoever uses one on the host resolves
 * it in the plugin's root first.
 * @see moby volume/drivers/proxy.go and adapter.go (28.x)
 */
import { isJsonObject, type JsonObject } from '../config/json-document.ts';
import { callsOf, type DriverCall, method, query, slowMethod } from './driver-calls.ts';
import { askOptional } from './plugin-answer.ts';
import type { PluginClient } from './plugin-client.ts';
import type { ReplyFields } from './plugin-reply.ts';

/** A volume as its driver tells of it. */
export interface DriverVolume {
  readonly name: string;
  /** In the plugin's mount namespace; empty when it is not mounted. */
  readonly mountpoint: string;
  readonly createdAt?: Date;
  /** Whatever the driver adds; shown to people. */
  readonly status?: JsonObject;
}

/** Every call throws as `PluginClient.call`. */
export interface VolumeDriver {
  create(name: string, options: Readonly<Record<string, string>>, call?: DriverCall): Promise<void>;
  remove(name: string, call?: DriverCall): Promise<void>;
  /**
   * @param id whoever mounts; `unmount` takes the same
   * @returns the mount point in the plugin's mount namespace
   */
  mount(name: string, id: string, call?: DriverCall): Promise<string>;
  unmount(name: string, id: string, call?: DriverCall): Promise<void>;
  /** @returns the mount point, or '' */
  path(name: string, call?: DriverCall): Promise<string>;
  /** @returns undefined when the driver answers without a volume; many drivers answer an error instead */
  get(name: string, call?: DriverCall): Promise<DriverVolume | undefined>;
  list(call?: DriverCall): Promise<readonly DriverVolume[]>;
  /** A driver that cannot say is local. */
  capabilities(call?: DriverCall): Promise<{ readonly scope: 'local' | 'global' }>;
}

const rules = {
  Create: slowMethod,
  Remove: method,
  Mount: slowMethod,
  Unmount: method,
  Path: query,
  Get: query,
  List: query,
  Capabilities: query,
} as const;

/** Make a volume driver of a plugin. The client stays the caller's. */
export function createVolumeDriver(client: PluginClient): VolumeDriver {
  const call = callsOf(client, 'VolumeDriver', rules);
  return {
    async create(name, options, given) {
      await call('Create', { Name: name, Opts: { ...options } }, given);
    },
    async remove(name, given) {
      await call('Remove', { Name: name }, given);
    },
    async mount(name, id, given) {
      return (await call('Mount', { Name: name, ID: id }, given)).text('Mountpoint');
    },
    async unmount(name, id, given) {
      await call('Unmount', { Name: name, ID: id }, given);
    },
    async path(name, given) {
      return (await call('Path', { Name: name }, given)).text('Mountpoint');
    },
    async get(name, given) {
      const volume = (await call('Get', { Name: name }, given)).object('Volume');
      return volume === undefined ? undefined : readVolume(volume);
    },
    async list(given) {
      return (await call('List', {}, given)).objects('Volumes').map(readVolume);
    },
    async capabilities(given) {
      const ask = async () => readScope(await call('Capabilities', {}, given));
      return { scope: await askOptional(ask, 'local') };
    },
  };
}

function readVolume(volume: ReplyFields): DriverVolume {
  const createdAt = volume.formed('CreatedAt', 'an RFC 3339 time', isTime);
  const status = volume.raw('Status');
  return {
    name: volume.text('Name'),
    mountpoint: volume.text('Mountpoint'),
    ...(createdAt === '' ? {} : { createdAt: new Date(createdAt) }),
    ...(isJsonObject(status) ? { status } : {}),
  };
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function isTime(text: string): boolean {
  return rfc3339.test(text) && !Number.isNaN(Date.parse(text));
}

/** Only `global`, in any letter case, is not local. */
function readScope(reply: ReplyFields): 'local' | 'global' {
  const scope = reply.object('Capabilities')?.text('Scope') ?? '';
  return scope.toLowerCase() === 'global' ? 'global' : 'local';
}
