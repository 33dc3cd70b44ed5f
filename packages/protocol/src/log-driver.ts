/**
 * The typed client of LogDriver 1.0. What is known of a container reaches the driver, its environment included, so
 * requests are neither logged nor quoted. `openLogStream` has the other half: the pipe that entries go through.
 * @see moby daemon/logger/proxy.go and adapter.go (28.x)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import { callsOf, type DriverCall, method, query } from './driver-calls.ts';
import { decodeLogEntries, type LogEntry } from './log-entry.ts';
import { askOptional, readAnswer } from './plugin-answer.ts';
import type { PluginClient } from './plugin-client.ts';

/** What is known of a container whose output is logged. All but the ID may be left out. */
export interface LoggedContainer {
  /** The options of logging. */
  readonly options?: Readonly<Record<string, string>>;
  readonly id: string;
  readonly name?: string;
  readonly entrypoint?: string;
  readonly args?: readonly string[];
  readonly imageId?: string;
  readonly imageName?: string;
  readonly createdAt?: Date;
  /** `NAME=value`; may hold secrets. */
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly logPath?: string;
  readonly daemonName?: string;
}

/** Which entries are wanted. */
export interface LogSelection {
  /** Unix time in nanoseconds; entries of that very time count. */
  readonly sinceNano?: bigint;
  /** Unix time in nanoseconds; entries of that very time count. */
  readonly untilNano?: bigint;
  /** How many of the newest; 0 for none but those to come; absent for all. */
  readonly tail?: number;
  /** Whether to go on with entries to come, until the caller stops; default false. */
  readonly follow?: boolean;
}

/** Every call throws as `PluginClient.call`. */
export interface LogDriver {
  /** @param file path of the pipe that entries come through, as the plugin sees it */
  startLogging(file: string, container: LoggedContainer, call?: DriverCall): Promise<void>;
  /** The driver answers once it has taken what is in the pipe: keep the pipe open until then, and close it then. */
  stopLogging(file: string, call?: DriverCall): Promise<void>;
  /** A driver that cannot say reads nothing. */
  capabilities(call?: DriverCall): Promise<{ readonly readsLogs: boolean }>;
  /**
   * Entries that the driver kept, oldest first, each with the line break that ends it. The call is made when the first
   * entry is asked for; stopping early ends it. Entries out of the times asked for are left out, whatever the driver
   * sends.
   *
   * The time limit is that of the driver's first sign; use the signal to end the wait for entries.
   * @throws {OutboardError} also in the middle: system, code `plugin-reply-malformed`, unavailable, code
   *   `plugin-connection-lost`
   */
  readLogs(container: LoggedContainer, selection: LogSelection, call?: DriverCall): AsyncIterable<LogEntry>;
}

const rules = { StartLogging: method, StopLogging: method, Capabilities: query } as const;
const readLogs = 'LogDriver.ReadLogs';

/** Make a log driver of a plugin. The client stays the caller's. */
export function createLogDriver(client: PluginClient): LogDriver {
  const call = callsOf(client, 'LogDriver', rules);
  return {
    async startLogging(file, container, given) {
      await call('StartLogging', { File: file, Info: containerFields(container) }, given);
    },
    async stopLogging(file, given) {
      await call('StopLogging', { File: file }, given);
    },
    capabilities(given) {
      const ask = async () => {
        const reply = await call('Capabilities', undefined, given);
        return { readsLogs: reply.object('Cap')?.boolean('ReadLogs') ?? false };
      };
      return askOptional(ask, { readsLogs: false });
    },
    async *readLogs(container, selection, given) {
      const request = { Info: containerFields(container), Config: selectionFields(selection) };
      const bytes = client.stream(readLogs, request, { ...query, ...given });
      const { sinceNano, untilNano } = selection;
      for await (const entry of decodeLogEntries(refuseJson(bytes))) {
        if (sinceNano !== undefined && entry.timeNano < sinceNano) continue;
        if (untilNano !== undefined && entry.timeNano > untilNano) continue;
        yield entry;
      }
    },
  };
}

const openingBrace = 0x7b;

/**
 * A driver that fails may say so with status 200 and `Err`. As the length of an entry its first byte would mean two
 * thousand million bytes, so it tells the two apart.
 */
async function* refuseJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let isFirst = true;
  for await (const chunk of bytes) {
    if (isFirst && chunk[0] === openingBrace) {
      readAnswer({ status: 200, text: Buffer.from(chunk).toString('utf8') }, readLogs);
      const message = `${readLogs}: malformed reply: want log entries, got a JSON object`;
      throw new OutboardError('system', message, { code: 'plugin-reply-malformed' });
    }
    isFirst &&= chunk.length === 0;
    yield chunk;
  }
}

/** Absent fields as Go's zero values: the type of this request leaves none out. */
function containerFields(container: LoggedContainer): JsonObject {
  return {
    Config: container.options ?? {},
    ContainerID: container.id,
    ContainerName: container.name ?? '',
    ContainerEntrypoint: container.entrypoint ?? '',
    ContainerArgs: container.args ?? [],
    ContainerImageID: container.imageId ?? '',
    ContainerImageName: container.imageName ?? '',
    ContainerCreated: container.createdAt?.toISOString() ?? zeroTime,
    ContainerEnv: container.env ?? [],
    ContainerLabels: container.labels ?? {},
    LogPath: container.logPath ?? '',
    DaemonName: container.daemonName ?? '',
  };
}

function selectionFields({ sinceNano, untilNano, tail = -1, follow = false }: LogSelection): JsonObject {
  return { Since: formatTime(sinceNano), Until: formatTime(untilNano), Tail: tail, Follow: follow };
}

/** Go's time that is not set. */
const zeroTime = '0001-01-01T00:00:00Z';
const nanosecondsPerSecond = 1_000_000_000n;

/** RFC 3339 with nanoseconds. @throws {OutboardError} invalid out of 64 bits, which is the years 1678 to 2262 */
function formatTime(timeNano: bigint | undefined): string {
  if (timeNano === undefined) return zeroTime;
  if (BigInt.asIntN(64, timeNano) !== timeNano) {
    throw new OutboardError('invalid', `time ${timeNano}: want nanoseconds in 64 bits`);
  }
  const nanoseconds = ((timeNano % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond;
  const seconds = Number((timeNano - nanoseconds) / nanosecondsPerSecond);
  const whole = new Date(seconds * 1000).toISOString().slice(0, -'.000Z'.length);
  return `${whole}.${String(nanoseconds).padStart(9, '0')}Z`;
}
