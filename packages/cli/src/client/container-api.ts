/**
 * Outboard's own routes about how plugins run: options, figures, processes, commands.
 */
import type { IncomingMessage } from 'node:http';
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient, UpgradedConnection } from './engine-client.ts';
import { askOwnRoute, requireOwnRoute } from './own-route.ts';
import { pluginPath } from './plugin-api.ts';

/** What a plugin takes of its host at one moment; what the host does not count is absent. */
export interface PluginStats {
  readonly id: string;
  readonly name: string;
  readonly readAt: Date;
  readonly cpuSeconds?: number;
  readonly memoryBytes?: number;
  /** How many of its processes were killed for want of memory. */
  readonly outOfMemoryKills?: number;
  /** Absent: as much as the host has. */
  readonly memoryLimitBytes?: number;
  readonly pids?: number;
  readonly receivedBytes?: number;
  readonly sentBytes?: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
}

/** The figures of several plugins. */
export interface StatsSample {
  readonly plugins: readonly PluginStats[];
  /** Of the host. */
  readonly memoryBytes: number;
}

/** Processes as a table. */
export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Change how a plugin runs.
 * @param body the fields to change, as the route takes them
 * @returns what is not in force yet
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function updateOptions(
  client: EngineClient,
  name: string,
  body: object,
): Promise<readonly string[]> {
  const path = `/outboard/v1${pluginPath(name, '/options')}`;
  const answer = await requireOwnRoute('change how plugins run', () =>
    client.call({ method: 'POST', path, json: body }),
  );
  const warnings = field(answer, 'Warnings');
  return Array.isArray(warnings) ? warnings.map(asText) : [];
}

/** The options of a plugin that are in force, as the daemon tells them; undefined when it knows none, as Docker Engine. */
export async function fetchOptions(client: EngineClient, name: string): Promise<unknown> {
  const path = `/outboard/v1${pluginPath(name, '/options')}`;
  return field(await askOwnRoute(() => client.call({ method: 'GET', path })), 'Options');
}

/**
 * Find out whether the daemon knows options, before anything is changed for them.
 * @throws {CommandError} if it does not, as Docker Engine
 */
export async function requireOptions(client: EngineClient): Promise<void> {
  await requireOwnRoute('change how plugins run', () =>
    client.call({ method: 'GET', path: '/outboard/v1/stats' }),
  );
}

/** @param names default all. @returns the stream of samples, one a second, each a line of JSON */
export async function openStats(client: EngineClient, names: readonly string[]): Promise<IncomingMessage> {
  const search = new URLSearchParams({ stream: '1' });
  for (const name of names) search.append('plugin', name);
  const path = `/outboard/v1/stats?${search}`;
  return await requireOwnRoute('tell what plugins use', () => client.open({ method: 'GET', path }));
}

/** @param line of the stream. @throws {CommandError} if it is no sample */
export function parseStats(line: string): StatsSample {
  const document: unknown = JSON.parse(line);
  const plugins = field(document, 'Plugins');
  if (!Array.isArray(plugins)) {
    throw new CommandError('the daemon answered with something that is not a list of figures');
  }
  return { plugins: plugins.map(parsePluginStats), memoryBytes: Number(field(document, 'HostMemoryBytes')) };
}

function parsePluginStats(value: unknown): PluginStats {
  const figures = {
    cpuSeconds: field(value, 'CpuSeconds'),
    memoryBytes: field(value, 'MemoryBytes'),
    memoryLimitBytes: field(value, 'MemoryLimitBytes'),
    outOfMemoryKills: field(value, 'OOMKills'),
    pids: field(value, 'Pids'),
    receivedBytes: field(value, 'NetworkReceivedBytes'),
    sentBytes: field(value, 'NetworkSentBytes'),
    readBytes: field(value, 'BlockReadBytes'),
    writtenBytes: field(value, 'BlockWriteBytes'),
  };
  return {
    id: asText(field(value, 'Id')),
    name: asText(field(value, 'Name')),
    readAt: new Date(asText(field(value, 'Read'))),
    ...Object.fromEntries(Object.entries(figures).filter(([, figure]) => typeof figure === 'number')),
  };
}

/** The processes of a plugin. */
export async function fetchProcesses(client: EngineClient, name: string): Promise<ProcessTable> {
  const path = `/outboard/v1${pluginPath(name, '/top')}`;
  const answer = await requireOwnRoute('tell the processes of plugins', () =>
    client.call({ method: 'GET', path }),
  );
  const rows = field(answer, 'Processes');
  if (!Array.isArray(rows)) {
    throw new CommandError('the daemon answered with something that is not a list of processes');
  }
  return { titles: texts(field(answer, 'Titles')), rows: rows.map(texts) };
}

/** Start a command in a plugin. @param body as the route takes it. @returns the connection, for frames */
export async function openExec(
  client: EngineClient,
  name: string,
  body: object,
): Promise<UpgradedConnection> {
  const path = `/outboard/v1${pluginPath(name, '/exec')}`;
  return await requireOwnRoute('run commands in plugins', () =>
    client.upgrade({ method: 'POST', path, json: body }),
  );
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(asText) : [];
}
