/**
 * The typed client of VolumeDriver 1.0. Paths in replies are the plugin's own: whoever uses one on the host resolves
 * it in the plugin's root first.
 * @see moby volume/drivers/proxy.go and adapter.go (28.x)
 */
import { isJsonObject, type JsonObject } from '../config/json-document.ts';
import { askOptional } from './plugin-answer.ts';
import type { CallOptions, PluginClient } from './plugin-client.ts';
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

interface Cancellable {
  readonly signal?: AbortSignal;
}

/** Every call throws as `PluginClient.call`. */
export interface VolumeDriver {
  create(name: string, options: Readonly<Record<string, string>>, call?: Cancellable): Promise<void>;
  remove(name: string, call?: Cancellable): Promise<void>;
  /**
   * @param id whoever mounts; `unmount` takes the same
   * @returns the mount point in the plugin's mount namespace
   */
  mount(name: string, id: string, call?: Cancellable): Promise<string>;
  unmount(name: string, id: string, call?: Cancellable): Promise<void>;
  /** @returns the mount point, or '' */
  path(name: string, call?: Cancellable): Promise<string>;
  /** @returns undefined when the driver answers without a volume; many drivers answer an error instead */
  get(name: string, call?: Cancellable): Promise<DriverVolume | undefined>;
  list(call?: Cancellable): Promise<readonly DriverVolume[]>;
  /** A driver that cannot say is local. */
  capabilities(call?: Cancellable): Promise<{ readonly scope: 'local' | 'global' }>;
}

const longTimeoutMs = 120_000;
const shortTimeoutMs = 60_000;

/** Make a volume driver of a plugin. The client stays the caller's. */
export function createVolumeDriver(client: PluginClient): VolumeDriver {
  const call = (method: string, request: JsonObject, options: CallOptions) => {
    return client.call(`VolumeDriver.${method}`, request, options);
  };
  const long = (given: Cancellable = {}): CallOptions => ({ ...given, timeoutMs: longTimeoutMs });
  const short = (given: Cancellable = {}): CallOptions => ({ ...given, timeoutMs: shortTimeoutMs });
  const query = (given: Cancellable = {}): CallOptions => ({ ...short(given), idempotent: true });
  return {
    async create(name, options, given) {
      await call('Create', { Name: name, Opts: { ...options } }, long(given));
    },
    async remove(name, given) {
      await call('Remove', { Name: name }, short(given));
    },
    async mount(name, id, given) {
      return (await call('Mount', { Name: name, ID: id }, long(given))).text('Mountpoint');
    },
    async unmount(name, id, given) {
      await call('Unmount', { Name: name, ID: id }, short(given));
    },
    async path(name, given) {
      return (await call('Path', { Name: name }, query(given))).text('Mountpoint');
    },
    async get(name, given) {
      const volume = (await call('Get', { Name: name }, query(given))).object('Volume');
      return volume === undefined ? undefined : readVolume(volume);
    },
    async list(given) {
      return (await call('List', {}, query(given))).objects('Volumes').map(readVolume);
    },
    async capabilities(given) {
      const ask = async () => readScope(await call('Capabilities', {}, query(given)));
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
