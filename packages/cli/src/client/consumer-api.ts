/**
 * The routes of consumers: other programs that use the plugins.
 */
import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import type { EngineClient } from './engine-client.ts';
import { requireOwnRoute } from './own-route.ts';

/** A connection. */
export interface ConsumerConnection {
  readonly kind: string;
  /** Root directory of another system; empty for this one. */
  readonly prefix: string;
  readonly configDir: string;
  /** User of rootless Podman; empty for root's. */
  readonly user: string;
  /** Plugins that this user may use. */
  readonly shares: readonly string[];
  readonly since: string;
  readonly files: readonly string[];
}

/** Result of a change. */
export interface ConsumerChange {
  /** Name and version of the consumer; empty after it was disconnected. */
  readonly description: string;
  readonly files: readonly {
    readonly path: string;
    /** `written`, `unchanged`, `removed`, `left` or `failed`. */
    readonly state: string;
    /** Present for `left` and `failed`, else empty. */
    readonly reason: string;
    /** Content that is written; else empty. */
    readonly content: string;
  }[];
  readonly notes: readonly string[];
}

/** The connections. @throws {CommandError} if the daemon has no such route, as Docker Engine */
export async function listConnections(client: EngineClient): Promise<readonly ConsumerConnection[]> {
  const answer = await ask(() => client.call({ method: 'GET', path: '/outboard/v1/consumers' }));
  return listAt(answer, 'Connections').map((connection) => ({
    kind: asText(field(connection, 'Kind')),
    prefix: asText(field(connection, 'Prefix')),
    configDir: asText(field(connection, 'ConfigDir')),
    user: asText(field(connection, 'User')),
    shares: field(connection, 'Shares') === undefined ? [] : listAt(connection, 'Shares').map(asText),
    since: asText(field(connection, 'Since')),
    files: listAt(connection, 'Files').map(asText),
  }));
}

/**
 * Connect or disconnect a consumer.
 * @param request.json the options of the connection, in the API's form
 * @throws {CommandError} if the daemon has no such route, as Docker Engine
 */
export async function changeConsumer(
  client: EngineClient,
  action: 'connect' | 'disconnect',
  request: { readonly kind: string; readonly json: object; readonly isDryRun: boolean },
): Promise<ConsumerChange> {
  const { kind, json, isDryRun } = request;
  const path = `/outboard/v1/consumers/${encodeURIComponent(kind)}/${action}`;
  const query = { dryRun: isDryRun ? '1' : undefined };
  const answer = await ask(() => client.call({ method: 'POST', path, query, json }));
  return {
    description: asText(field(answer, 'Description')),
    files: listAt(answer, 'Files').map((file) => ({
      path: asText(field(file, 'Path')),
      state: asText(field(file, 'State')),
      reason: asText(field(file, 'Reason')),
      content: asText(field(file, 'Content')),
    })),
    notes: listAt(answer, 'Notes').map(asText),
  };
}

function ask(call: () => Promise<unknown>): Promise<unknown> {
  return requireOwnRoute('connect consumers: only an Outboard daemon can', call);
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = field(value, key);
  if (Array.isArray(list)) return list;
  throw new CommandError(`the daemon answered without the list "${key}"`);
}
