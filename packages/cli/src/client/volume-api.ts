/**
 * The volume routes of the Docker Engine API, and Outboard's own ones for mounts by hand.
 * @see Docker Engine API v1.51, "Volumes"
 */
import { CommandError } from '../command-error.ts';
import { asNumber, asText, field } from '../json-field.ts';
import { type ListFilters, listQuery } from '../options/list-filters.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';

/** A volume, as lists show it. */
export interface VolumeSummary {
  readonly name: string;
  readonly driver: string;
  readonly scope: string;
  /** Path on the host; empty while its driver reports none. */
  readonly mountpoint: string;
  readonly labels: readonly (readonly [key: string, value: string])[];
}

/** The request of a new volume. Absent parts are left to the daemon. */
export interface NewVolume {
  readonly name: string | undefined;
  readonly driver: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** The request of a mount by hand. Absent parts are left to the daemon. */
export interface MountRequest {
  readonly holder: string | undefined;
  readonly driver: string | undefined;
}

/** @returns the volumes, and the daemon's warnings about drivers that failed */
export async function listVolumes(
  client: EngineClient,
  filters: ListFilters,
): Promise<{ readonly volumes: readonly VolumeSummary[]; readonly warnings: readonly string[] }> {
  const answer = await client.call({ method: 'GET', path: '/volumes', query: listQuery(filters) });
  const [volumes, warnings] = [field(answer, 'Volumes') ?? [], field(answer, 'Warnings') ?? []];
  if (!Array.isArray(volumes) || !Array.isArray(warnings)) throw unexpected('a list of volumes');
  return { volumes: volumes.map(parseVolume), warnings: warnings.map(asText) };
}

/** Create a volume. @returns its name */
export async function createVolume(client: EngineClient, volume: NewVolume): Promise<string> {
  const { name, driver, options, labels } = volume;
  const json = { Name: name, Driver: driver, DriverOpts: options, Labels: labels };
  const created = parseVolume(await client.call({ method: 'POST', path: '/volumes/create', json }));
  return created.name;
}

/** @returns the volume's document as the daemon sent it */
export async function inspectVolume(client: EngineClient, name: string): Promise<object> {
  const answer = await client.call({ method: 'GET', path: volumePath(name) });
  if (typeof answer === 'object' && answer !== null) return answer;
  throw unexpected('a volume');
}

/** @param force succeed when the volume or its plugin does not exist */
export async function removeVolume(client: EngineClient, name: string, force: boolean): Promise<void> {
  const query = { force: force ? '1' : undefined };
  await client.call({ method: 'DELETE', path: volumePath(name), query });
}

/** Remove unused volumes. @returns their names, and the reclaimed space in bytes */
export async function pruneVolumes(
  client: EngineClient,
  filters: ListFilters,
): Promise<{ readonly removed: readonly string[]; readonly bytes: number }> {
  const answer = await client.call({ method: 'POST', path: '/volumes/prune', query: listQuery(filters) });
  const removed = field(answer, 'VolumesDeleted') ?? [];
  if (!Array.isArray(removed)) throw unexpected('a list of volumes');
  return { removed: removed.map(asText), bytes: asNumber(field(answer, 'SpaceReclaimed')) ?? 0 };
}

/** Mount a volume for a holder. @returns its path on the daemon's host */
export async function mountVolume(
  client: EngineClient,
  name: string,
  request: MountRequest,
): Promise<string> {
  const answer = await callByHand(client, volumePath(name, '/mount'), request);
  const path = asText(field(answer, 'Mountpoint'));
  if (path !== '') return path;
  throw unexpected('the path of a volume');
}

/** Undo the mount of a holder. Without one nothing happens. */
export async function unmountVolume(
  client: EngineClient,
  name: string,
  request: MountRequest,
): Promise<void> {
  await callByHand(client, volumePath(name, '/unmount'), request);
}

async function callByHand(
  client: EngineClient,
  path: string,
  { holder, driver }: MountRequest,
): Promise<unknown> {
  const json = { Holder: holder, Driver: driver };
  return await requireOwnRoute('mount volumes by hand: only an Outboard daemon can', () =>
    client.call({ method: 'POST', path: `/outboard/v1${path}`, json }),
  );
}

function volumePath(name: string, action = ''): string {
  if (name.trim() === '') throw new CommandError('invalid volume name: value is empty');
  return `/volumes/${encodeURIComponent(name)}${action}`;
}

function parseVolume(value: unknown): VolumeSummary {
  const name = field(value, 'Name');
  if (typeof name !== 'string') throw unexpected('a volume');
  return {
    name,
    driver: asText(field(value, 'Driver')),
    scope: asText(field(value, 'Scope')),
    mountpoint: asText(field(value, 'Mountpoint')),
    labels: Object.entries(field(value, 'Labels') ?? {}).map(([key, label]) => [key, asText(label)]),
  };
}

function unexpected(what: string): CommandError {
  return new CommandError(`the daemon answered with something that is not ${what}`);
}
