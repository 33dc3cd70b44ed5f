/**
 * Outboard's own routes for running plugins: options, resource usage, processes, commands.
 */
import type { IncomingMessage } from 'node:http';
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient, UpgradedConnection } from './engine-client.ts';
import { askOwnRoute, ownPluginPath, requireOwnRoute } from './own-route.ts';

/** Resource usage of a plugin at one moment; undefined for values that the host does not count. */
export interface PluginStats {
  readonly id: string;
  readonly name: string;
  readonly readAt: Date;
  readonly cpuSeconds: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Number of processes that the kernel killed because the plugin was out of memory. */
  readonly outOfMemoryKills: number | undefined;
  /** Undefined without a limit. */
  readonly memoryLimitBytes: number | undefined;
  readonly pids: number | undefined;
  readonly receivedBytes: number | undefined;
  readonly sentBytes: number | undefined;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
}

/** Resource usage of several plugins. */
export interface StatsSample {
  readonly plugins: readonly PluginStats[];
  /** Memory of the host. */
  readonly memoryBytes: number;
}

/** Processes as a table. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const changeOptions = 'change the runtime options of plugins';

/**
 * Change the runtime options of a plugin.
 * @param body the fields to change, as in the route's request
 * @returns warnings about changes that apply later
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function updateOptions(
  client: EngineClient,
  name: string,
  body: object,
): Promise<readonly string[]> {
  const answer = await requireOwnRoute(changeOptions, () =>
    client.call({ method: 'POST', path: ownPluginPath(name, '/options'), json: body }),
  );
  return texts(field(answer, 'Warnings'));
}

/** The effective options of a plugin, as the daemon's document; undefined without such a route, as on Docker Engine. */
export async function fetchOptions(client: EngineClient, name: string): Promise<unknown> {
  const path = ownPluginPath(name, '/options');
  return field(await askOwnRoute(() => client.call({ method: 'GET', path })), 'Options');
}

/**
 * Check that the daemon supports options, before anything is changed that depends on them.
 * @throws {CommandError} if it does not, as Docker Engine
 */
export async function requireOptions(client: EngineClient): Promise<void> {
  await requireOwnRoute(changeOptions, () => client.call({ method: 'GET', path: '/outboard/v1/stats' }));
}

/**
 * Open the stream of samples: one line of JSON each second.
 * @param names default all
 */
export async function openStats(client: EngineClient, names: readonly string[]): Promise<IncomingMessage> {
  const search = new URLSearchParams({ stream: '1' });
  for (const name of names) search.append('plugin', name);
  const path = `/outboard/v1/stats?${search}`;
  return await requireOwnRoute('report the resource usage of plugins', () =>
    client.open({ method: 'GET', path }),
  );
}

/** @param line of the stream. @throws {CommandError} if it is not a sample */
export function parseStats(line: string): StatsSample {
  const document: unknown = JSON.parse(line);
  const plugins = field(document, 'Plugins');
  if (!Array.isArray(plugins)) {
    throw new CommandError('the daemon answered with something that is not a list of statistics');
  }
  return { plugins: plugins.map(parsePluginStats), memoryBytes: Number(field(document, 'HostMemoryBytes')) };
}

function parsePluginStats(value: unknown): PluginStats {
  const number = (key: string): number | undefined => {
    const found = field(value, key);
    return typeof found === 'number' ? found : undefined;
  };
  return {
    id: asText(field(value, 'Id')),
    name: asText(field(value, 'Name')),
    readAt: new Date(asText(field(value, 'Read'))),
    cpuSeconds: number('CpuSeconds'),
    memoryBytes: number('MemoryBytes'),
    memoryLimitBytes: number('MemoryLimitBytes'),
    outOfMemoryKills: number('OOMKills'),
    pids: number('Pids'),
    receivedBytes: number('NetworkReceivedBytes'),
    sentBytes: number('NetworkSentBytes'),
    readBytes: number('BlockReadBytes'),
    writtenBytes: number('BlockWriteBytes'),
  };
}

/** The processes of a plugin. @throws {CommandError} if the daemon has no such route, as Docker Engine */
export async function fetchProcesses(client: EngineClient, name: string): Promise<ProcessTable> {
  const path = ownPluginPath(name, '/top');
  const answer = await requireOwnRoute('list the processes of plugins', () =>
    client.call({ method: 'GET', path }),
  );
  const rows = field(answer, 'Processes');
  if (!Array.isArray(rows)) {
    throw new CommandError('the daemon answered with something that is not a list of processes');
  }
  return { titles: texts(field(answer, 'Titles')), rows: rows.map(texts) };
}

/**
 * Start a command in a plugin.
 * @param body as in the route's request
 * @returns the connection, for the frames of exec-stream.ts
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function openExec(
  client: EngineClient,
  name: string,
  body: object,
): Promise<UpgradedConnection> {
  const path = ownPluginPath(name, '/exec');
  return await requireOwnRoute('run commands in plugins', () =>
    client.upgrade({ method: 'POST', path, json: body }),
  );
}

/**
 * Start a program of the host in the namespaces of a plugin.
 * @param body as in the route's request
 * @returns the connection, as of `openExec`
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function openDebug(
  client: EngineClient,
  name: string,
  body: object,
): Promise<UpgradedConnection> {
  const path = ownPluginPath(name, '/debug');
  return await requireOwnRoute('debug plugins', () => client.upgrade({ method: 'POST', path, json: body }));
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : [];
}
