/**
 * `outboard connect` and `outboard disconnect`
 */
import { resolve } from 'node:path';
import { type ConsumerConnection, changeConsumer, listConnections } from '../client/consumer-api.ts';
import { CommandError } from '../command-error.ts';
import { formatRows, parseFormat, type Table } from '../output/output-format.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard connect` and `outboard disconnect`. */
export interface ConnectFlags {
  readonly prefix?: string | undefined;
  readonly configDir?: string | undefined;
  readonly forVersion?: string | undefined;
  readonly user?: string | undefined;
  /** Plugins. */
  readonly share?: readonly string[] | undefined;
  /** Seconds. */
  readonly timeout?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** In the form of `parseFormat`. */
  readonly format?: string | undefined;
}

/** Connect a consumer, and print its files; without one, list the connections. */
export async function connect(
  context: CommandContext,
  kind: string | undefined,
  flags: ConnectFlags,
): Promise<void> {
  if (kind === undefined) return list(context, flags);
  await change(context, 'connect', kind, flags);
}

/** Remove all that `connect` wrote. */
export async function disconnect(context: CommandContext, kind: string, flags: ConnectFlags): Promise<void> {
  await change(context, 'disconnect', kind, flags);
}

async function list({ client, host }: CommandContext, { format = 'table' }: ConnectFlags): Promise<void> {
  const parsed = parseFormat(format);
  const rows = (await listConnections(client)).map(toRow);
  host.stdout.write(formatRows(rows, parsed, table));
}

async function change(
  { client, host }: CommandContext,
  action: 'connect' | 'disconnect',
  kind: string,
  flags: ConnectFlags,
): Promise<void> {
  const isDryRun = flags.dryRun === true;
  const result = await changeConsumer(client, action, { kind, json: requestOf(flags), isDryRun });
  if (result.description !== '') {
    const verb = isDryRun ? 'would be connected' : 'is connected';
    host.stdout.write(`${escapeText(result.description)} ${verb}\n`);
  }
  for (const { path, state, reason, content } of result.files) {
    const word = isDryRun ? (foreseen[state] ?? state) : state;
    const why = reason === '' ? '' : `: ${escapeText(reason)}`;
    host.stdout.write(`${word} ${escapeText(path)}${why}\n`);
    if (isDryRun && content !== '') host.stdout.write(content.replaceAll(/^(?=.)/gm, '    '));
  }
  for (const note of result.notes) host.stderr.write(`${note}\n`);
  const undone = result.files.filter(({ state }) => state === 'left' || state === 'failed');
  if (undone.length > 0)
    throw new CommandError(`${undone.length} of ${result.files.length} files are not as they should be`);
}

const foreseen: Readonly<Record<string, string>> = {
  written: 'would write',
  removed: 'would remove',
  left: 'would leave',
};

function requestOf({ prefix, configDir, forVersion, timeout, user, share }: ConnectFlags): object {
  if (timeout !== undefined && !/^\d{1,5}$/.test(timeout)) {
    throw new CommandError(`invalid timeout "${timeout}": it must be a number of seconds, 0 for none`, {
      exitCode: 125,
    });
  }
  return {
    // The daemon has another working directory.
    Prefix: prefix && resolve(prefix),
    ConfigDir: configDir && (prefix === undefined ? resolve(configDir) : configDir),
    Version: forVersion,
    Timeout: timeout && Number(timeout),
    User: user,
    Shares: share,
  };
}

interface Row {
  readonly Consumer: string;
  readonly Prefix: string;
  readonly ConfigDir: string;
  readonly User: string;
  readonly Shares: readonly string[];
  readonly Files: readonly string[];
  readonly Since: string;
}

const table: Table<Row> = {
  columns: {
    CONSUMER: ({ Consumer }) => Consumer,
    PREFIX: ({ Prefix }) => Prefix || '-',
    USER: ({ User }) => User || '-',
    SHARES: ({ Shares }) => Shares.join(',') || '-',
    FILES: ({ Files }) => String(Files.length),
    SINCE: ({ Since }) => Since,
  },
  headers: {
    Consumer: 'CONSUMER',
    Prefix: 'PREFIX',
    ConfigDir: 'CONFIG DIR',
    User: 'USER',
    Shares: 'SHARES',
    Files: 'FILES',
    Since: 'SINCE',
  },
};

function toRow(connection: ConsumerConnection): Row {
  return {
    Consumer: connection.kind,
    Prefix: connection.prefix,
    ConfigDir: connection.configDir,
    User: connection.user,
    Shares: connection.shares,
    Files: connection.files,
    Since: connection.since,
  };
}
