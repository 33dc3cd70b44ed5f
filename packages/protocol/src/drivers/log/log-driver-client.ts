/**
 * The client of LogDriver 1.0. Requests carry the container's details, its environment included, so they are neither
 * logged nor quoted in errors. The engine's `openLogStream` is the other half: it writes entries to the pipe.
 * @see moby daemon/logger/proxy.go and adapter.go (28.x)
 */
import { type JsonObject, OutboardError } from '@outboard/oci';
import { callOptional, readAnswer } from '../../calls/plugin-answer.ts';
import type { PluginClient } from '../../calls/plugin-client.ts';
import { callsOf, method, query, ruledCall } from '../driver-calls.ts';
import type { LogDriver, LoggedContainer, LogSelection } from './log-driver.ts';
import { decodeLogEntries } from './log-entry.ts';

const rules = { StartLogging: method, StopLogging: method, Capabilities: query } as const;
const readLogs = 'LogDriver.ReadLogs';

/** The log driver that a plugin implements. The caller disposes the client. */
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
      const read = async () => {
        const reply = await call('Capabilities', undefined, given);
        return { readsLogs: reply.object('Cap')?.boolean('ReadLogs') ?? false };
      };
      return callOptional(read, { readsLogs: false });
    },
    async *readLogs(container, selection, given) {
      const request = { Info: containerFields(container), Config: selectionFields(selection) };
      const bytes = client.stream(readLogs, request, ruledCall(query, given));
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
 * Refuse a JSON object: drivers report failures with status 200 and `Err` as well. Its first byte cannot start an entry,
 * whose length would then be two gigabytes.
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

/** Absent fields are sent as Go's zero values: Docker's type of this request omits none. */
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

/** Zero value of Go's time.Time. */
const zeroTime = '0001-01-01T00:00:00Z';
const nanosecondsPerSecond = 1_000_000_000n;

/** RFC 3339 with nanoseconds. @throws {OutboardError} invalid outside 64 bits (the years 1678 to 2262) */
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
