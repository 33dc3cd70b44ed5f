/**
 * Answers of volume drivers in the form that each consumer understands. Podman takes any 200 for a success and any other status for
 * JSON with `Err`; Docker Engine fails all of `List` for one empty `CreatedAt`; Dory takes an absent volume for an existing one.
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, type JsonValue, OutboardError } from '@outboard/oci';
import { failureAnswer, type GatewayAnswer } from './failure-answer.ts';
import { isOneValue, readJson, spelledAs, writeJson } from './json-text.ts';
import type { VolumeMethod } from './method-rules.ts';

/** Methods whose answer comes from the driver. `Mount` and `Unmount` are answered by the engine, which counts the mounts. */
export type ForwardedVolumeMethod = Exclude<VolumeMethod, 'Mount' | 'Unmount'>;

/** An answer of a driver. */
export interface DriverAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Host paths for paths in the plugin's mount namespace, in the order of the paths. An undefined path is left out of the answer.
 * @throws {OutboardError} where an answer without the path has no meaning
 */
export type ToHostPaths = (paths: readonly string[]) => Promise<readonly (string | undefined)[]>;

const answerNames = ['Err', 'Mountpoint', 'Volume', 'Volumes', 'Capabilities'];
const volumeNames = ['Name', 'Mountpoint', 'CreatedAt', 'Status'];
const defaultCapabilities = { Capabilities: { Scope: 'local' }, Err: '' };

/**
 * Translate the answer of a driver.
 * @returns undefined when the answer is right as it is, so that its bytes are kept
 * @throws {OutboardError} system, code `plugin-reply-malformed`; the error of `toHostPaths`
 */
export async function translateAnswer(
  method: ForwardedVolumeMethod,
  { status, text }: DriverAnswer,
  toHostPaths: ToHostPaths,
): Promise<GatewayAnswer | undefined> {
  const value = readJson(text);
  const given = value === null || (text === '' && method === 'done') ? {} : value;
  const failure = failureOf(given, status, text);
  if (failure !== undefined) {
    if (method === 'Capabilities') return { status: 200, text: JSON.stringify(defaultCapabilities) };
    return isDeepStrictEqual(failure.value, value) && failure.status === status && isOneValue(text)
      ? undefined
      : { status: failure.status, text: writeJson(failure.value) };
  }
  if (!isJsonObject(given)) throw malformed(method, 'a JSON object');
  const answer = spelledAs(given, answerNames);
  if (answer.Err === null) answer.Err = '';
  const translated = await translators[method](answer, toHostPaths);
  if (translated === undefined) return failureAnswer(`VolumeDriver.${method}`, 500, 'no such volume');
  const isUnchanged = isDeepStrictEqual(translated, value) && isOneValue(text);
  return isUnchanged ? undefined : { status: 200, text: writeJson(translated) };
}

type Translator = (
  answer: Record<string, JsonValue>,
  toHostPaths: ToHostPaths,
) => Promise<JsonObject | undefined>;

const translators: Readonly<Record<ForwardedVolumeMethod, Translator>> = {
  done: async (answer) => answer,
  async Path(answer, toHostPaths) {
    const path = textOf(answer.Mountpoint, 'Path');
    if (path === '') return answer;
    const [hostPath = ''] = await toHostPaths([path]);
    return { ...answer, Mountpoint: hostPath };
  },
  async Get(answer, toHostPaths) {
    const volume = answer.Volume ?? null;
    if (volume !== null && !isJsonObject(volume)) throw malformed('Get', '"Volume" to be an object');
    const [found] = await translateVolumes([volume], toHostPaths);
    const isEmpty = found === undefined || ((found.Name ?? '') === '' && (found.Mountpoint ?? '') === '');
    return isEmpty ? undefined : { ...answer, Volume: found };
  },
  async List(answer, toHostPaths) {
    const volumes = answer.Volumes ?? [];
    if (!Array.isArray(volumes)) throw malformed('List', '"Volumes" to be an array');
    return { ...answer, Volumes: await translateVolumes(volumes, toHostPaths) };
  },
  async Capabilities(answer) {
    const { Scope: scope, ...others } = spelledAs(answer.Capabilities, ['Scope']);
    const isGlobal = typeof scope === 'string' && scope.toLowerCase() === 'global';
    return { ...answer, Capabilities: { ...others, Scope: isGlobal ? 'global' : 'local' } };
  },
};

/** Entries that are no objects are left out: one malformed entry does not hide the rest. */
async function translateVolumes(
  entries: readonly JsonValue[],
  toHostPaths: ToHostPaths,
): Promise<readonly JsonObject[]> {
  const volumes = entries.filter(isJsonObject).map((entry) => spelledAs(entry, volumeNames));
  const hasPath = volumes.filter(({ Mountpoint: path }) => typeof path === 'string' && path !== '');
  const hostPaths = await toHostPaths(hasPath.map(({ Mountpoint: path }) => String(path)));
  const hostPathOf = new Map(hasPath.map((volume, index) => [volume, hostPaths[index]]));
  return volumes.map((volume) => {
    const { CreatedAt: createdAt, Mountpoint: path, ...others } = volume;
    const hostPath = hostPathOf.get(volume) ?? (path === '' ? '' : undefined);
    return {
      ...others,
      ...(hostPath !== undefined && { Mountpoint: hostPath }),
      ...(isTime(createdAt) && { CreatedAt: createdAt }),
    };
  });
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Docker Engine fails the whole answer for anything else. */
function isTime(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && rfc3339.test(value) && !Number.isNaN(Date.parse(value));
}

function textOf(value: JsonValue | undefined, method: VolumeMethod): string {
  const text = value ?? '';
  if (typeof text === 'string') return text;
  throw malformed(method, '"Mountpoint" to be a string');
}

/** The failure that an answer reports, with the status and the value for consumers. */
function failureOf(
  value: JsonValue | undefined,
  status: number,
  text: string,
): { readonly status: number; readonly value: JsonObject } | undefined {
  const answer = spelledAs(value, answerNames);
  const reported = answer.Err ?? '';
  if (status === 200 && reported === '') return undefined;
  const reason = typeof reported === 'string' ? reported : writeJson(reported);
  const shown = reason === '' ? text.trim() || `status ${status}` : reason;
  return { status: status >= 400 ? status : 500, value: { ...answer, Err: shown } };
}

function malformed(method: string, want: string): OutboardError {
  const message = `VolumeDriver.${method}: malformed reply of the plugin: want ${want}`;
  return new OutboardError('system', message, { code: 'plugin-reply-malformed' });
}
