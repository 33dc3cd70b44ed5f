/**
 * The client of VolumeDriver 1.0. Mount points in replies are paths in the plugin's mount namespace: resolve them in
 * the plugin's root filesystem before using them on the host.
 * @see moby volume/drivers/proxy.go and adapter.go (28.x)
 */
import { mapInTurns } from '@outboard/async';
import { isJsonObject, isOutboardError } from '@outboard/oci';
import { callOptional } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import type { ReplyFields } from '../../calls/plugin-reply.ts';
import { callsOf, method, query, slowMethod } from '../driver-calls.ts';
import type { DriverVolume, VolumeDriver, Warn } from './volume-driver.ts';

/** Room for some tens of thousands of volumes. */
const maxListBytes = 8 * 1024 * 1024;
const maxListed = 65_536;

const rules = {
  Create: slowMethod,
  Remove: method,
  Mount: slowMethod,
  Unmount: method,
  Path: query,
  Get: query,
  List: { ...query, maxReplyBytes: maxListBytes },
  Capabilities: query,
} as const;

/** The volume driver that a plugin implements. The caller disposes the client. */
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
      if (volume === undefined) return undefined;
      const found = readVolume(volume, ignore);
      const isEmpty = (volume.raw('Name') ?? '') === '' && found.mountpoint === '';
      return isEmpty ? undefined : { ...found, name: found.name === '' ? name : found.name };
    },
    async list(given) {
      const { warn = ignore, ...options } = given ?? {};
      return await readList((await call('List', {}, options)).entries('Volumes'), warn);
    },
    async capabilities(given) {
      const scope = async () => readScope(await call('Capabilities', {}, given));
      return { scope: await callOptional(scope, 'local') };
    },
  };
}

/** Entries with a malformed name are left out; other malformed fields do not hide a volume. */
async function readList(
  entries: Iterable<ReplyFields | undefined>,
  warn: Warn,
): Promise<readonly DriverVolume[]> {
  const volumes = await mapInTurns(entries, (entry, index) => {
    if (index >= maxListed) return undefined;
    const name = entry?.raw('Name') ?? '';
    if (entry !== undefined && typeof name === 'string') return readVolume(entry, warn);
    warn(`left out entry ${index + 1}: want an object with a "Name" that is a string`);
    return undefined;
  });
  if (volumes.length > maxListed) warn(`left out volumes beyond ${maxListed}: ${volumes.length - maxListed}`);
  return volumes.filter((volume) => volume !== undefined);
}

function readVolume(volume: ReplyFields, warn: Warn): DriverVolume {
  const name = volume.raw('Name');
  const createdAt = readPart(() => volume.formed('CreatedAt', 'an RFC 3339 time', isTime), warn);
  const status = volume.raw('Status');
  return {
    name: typeof name === 'string' ? name : '',
    mountpoint: readPart(() => volume.text('Mountpoint'), warn),
    ...(createdAt === '' ? {} : { createdAt: new Date(createdAt) }),
    ...(isJsonObject(status) ? { status } : {}),
  };
}

/** A malformed field is treated as absent. */
function readPart(read: () => string, warn: Warn): string {
  try {
    return read();
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    warn(error.message);
    return '';
  }
}

function ignore(): void {}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function isTime(text: string): boolean {
  return rfc3339.test(text) && !Number.isNaN(Date.parse(text));
}

/** `global` in any letter case; everything else is local. */
function readScope(reply: ReplyFields): 'local' | 'global' {
  const scope = reply.object('Capabilities')?.text('Scope') ?? '';
  return scope.toLowerCase() === 'global' ? 'global' : 'local';
}
