/**
 * Finds privileges that a plugin does not seem to need: it is started once without each of them, and makes a few calls. What
 * the calls do not reach may still need the privilege, so that the result is advice.
 */
import { join } from 'node:path';
import { servedCapabilities, toPluginDocument } from '@outboard/engine';
import { isJsonObject, isOutboardError, type JsonObject, type JsonValue } from '@outboard/oci';
import { runningChecks } from './check-table.ts';
import type { Check } from './kinds/check.ts';
import { makePluginDirectory, type PackDirectory } from './plugin-source.ts';
import { CheckFailure, CheckSkipped } from './session/check-failure.ts';
import { type CheckSession, openCheckSession } from './session/check-session.ts';
import type { PrivateEngine } from './session/private-engine.ts';

/** Starts take a second each. */
const maxPrivileges = 16;
/** Checks that a plugin of any kind passes when it works at all. */
const probes = [
  'protocol/activate',
  'volume/create',
  'volume/data',
  'volume/remove',
  'authorization/request',
  'network/network',
  'network/endpoint',
  'ipam/address',
  'log/stream',
  'secret/answer',
  'metrics/start-stop',
];

/** A config that lacks one privilege. */
export interface ReducedConfig {
  /** The privilege, as it is shown to an operator. */
  readonly privilege: string;
  readonly config: JsonObject;
}

/** List the configs that lack one privilege each, of a config in Docker's spelling. Pure. */
export function reduceConfig(config: JsonObject): readonly ReducedConfig[] {
  const linux = objectAt(config, 'Linux');
  const network = objectAt(config, 'Network');
  const without = (key: string, value: JsonValue) => ({ ...config, [key]: value });
  const withoutItems = (list: JsonValue | undefined, show: (item: JsonObject) => string) => {
    const items = Array.isArray(list) ? list.filter(isJsonObject) : [];
    return items.map((item) => ({ item: show(item), rest: items.filter((other) => other !== item) }));
  };
  const capabilities = Array.isArray(linux.Capabilities) ? linux.Capabilities : [];
  const mounts = withoutItems(config.Mounts, ({ Source, Destination }) => String(Source ?? Destination));
  const devices = withoutItems(linux.Devices, ({ Path }) => String(Path));
  return [
    ...(network.Type === 'host'
      ? [{ privilege: 'network: host', config: without('Network', { Type: 'none' }) }]
      : []),
    ...(['IpcHost', 'PidHost'] as const)
      .filter((key) => config[key] === true)
      .map((key) => ({
        privilege: `${key === 'IpcHost' ? 'ipc' : 'pid'} namespace of the host`,
        config: without(key, false),
      })),
    ...(linux.AllowAllDevices === true
      ? [
          {
            privilege: 'access to all devices',
            config: without('Linux', { ...linux, AllowAllDevices: false }),
          },
        ]
      : []),
    ...mounts.map(({ item, rest }) => ({ privilege: `mount: ${item}`, config: without('Mounts', rest) })),
    ...devices.map(({ item, rest }) => ({
      privilege: `device: ${item}`,
      config: without('Linux', { ...linux, Devices: rest }),
    })),
    ...capabilities.map((capability) => ({
      privilege: `capability: ${String(capability)}`,
      config: without('Linux', {
        ...linux,
        Capabilities: capabilities.filter((other) => other !== capability),
      }),
    })),
  ].slice(0, maxPrivileges);
}

function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isJsonObject(value) ? value : {};
}

/** The plugin, and what trying it again takes. */
export interface PrivilegeTrial {
  readonly session: CheckSession;
  readonly home: PrivateEngine;
  readonly pack: PackDirectory;
  readonly settings: readonly string[];
  readonly timeoutSeconds: number;
}

/**
 * Try the plugin, which is disabled, without each of its privileges.
 * @returns a line for each privilege that nothing needed; undefined when the plugin does not work again with all of them
 */
export async function findUnusedPrivileges(trial: PrivilegeTrial): Promise<readonly string[] | undefined> {
  const { plugin, signal } = trial.session;
  const document = toPluginDocument(plugin).Config;
  if (!isJsonObject(document)) return [];
  const kinds = servedCapabilities(plugin.config);
  const made = runningChecks.filter(
    ({ code, kind }) => probes.includes(code) && (kind === undefined || kinds.includes(kind)),
  );
  const unused: string[] = [];
  // A plugin that fails with all of its privileges, for example after the crashes before, tells nothing about one of them.
  const reduced = reduceConfig(document);
  if (reduced.length > 0 && !(await works(trial, { index: reduced.length, config: document, made })))
    return undefined;
  for (const [index, { privilege, config }] of reduced.entries()) {
    signal.throwIfAborted();
    if (!(await works(trial, { index, config, made }))) continue;
    const calls = made.map(({ code }) => code).join(', ');
    unused.push(`${privilege}: without it the plugin starts and passes ${calls}`);
  }
  return unused;
}

async function works(
  { home: { engine, dataRoot, workDirectory }, session, pack, settings, timeoutSeconds }: PrivilegeTrial,
  {
    index,
    config,
    made,
  }: { readonly index: number; readonly config: JsonObject; readonly made: readonly Check[] },
): Promise<boolean> {
  const { plugin, options, signal } = session;
  const directory = join(workDirectory, `reduced-${index}`);
  const { rootfs: _layers, ...authored } = config;
  const bytes = Buffer.from(JSON.stringify(authored));
  await makePluginDirectory(directory, {
    config: bytes,
    rootfs: join(dataRoot, 'plugins', plugin.id, 'rootfs'),
  });
  const name = `check/reduced:${index}`;
  try {
    await engine.create({ name, context: pack(directory), signal });
    if (settings.length > 0) await engine.set(name, settings);
    await engine.enable(name, { timeoutSeconds, signal });
    const reduced = await openCheckSession({ engine, plugin: engine.inspect(name), options, signal });
    for (const { run } of made) await probe(run, reduced);
    return (await reduced.findEnd()) === undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CheckFailure || isOutboardError(error)) return false;
    throw error;
  } finally {
    const left = engine.list().find((installed) => installed.name === name);
    if (left !== undefined) await engine.remove(left.id, { force: true });
  }
}

async function probe(run: Check['run'], session: CheckSession): Promise<void> {
  try {
    await run(session);
  } catch (error) {
    // It says nothing about this plugin.
    if (!(error instanceof CheckSkipped)) throw error;
  }
}
