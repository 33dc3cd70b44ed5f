/**
 * The LogDriver protocol over an author's driver. The documentation of Docker shows other forms of `Capabilities` and
 * `ReadLogs` than engines use.
 * @see moby daemon/logger/proxy.go and plugin.go
 */
import { PluginError } from '../plugin-error.ts';
import { StateFile } from '../state/state-file.ts';
import { type CallHandler, type Capability, type CapabilityDeps, servedCalls } from '../wire/call.ts';
import { malformed, messageField, requiredTextField } from '../wire/message.ts';
import { readContainer, readSelection } from './container-info.ts';
import type { LogDriver, LogEntry, LogSelection } from './log-driver.ts';
import { encodeFrame } from './log-frames.ts';
import { OpenLogs, parseLogRecords } from './open-logs.ts';

/** Environment and arguments of a container, which Linux limits to 2 MiB, with escapes of JSON. */
const maxBodyBytes = 8 * 1024 * 1024;

/** Serve a log driver. @throws {PluginError} if its records are damaged */
export async function openLogCapability(driver: LogDriver, deps: CapabilityDeps): Promise<Capability> {
  const state = new StateFile(deps.statePath('logs.json'));
  const records = (await state.read(parseLogRecords)) ?? [];
  const logs = new OpenLogs({ driver, state, log: deps.log });
  const ending = new AbortController();
  const handlers: Record<string, CallHandler> = {
    async StartLogging(message, context) {
      const file = requiredTextField(message, 'File');
      if (!file.startsWith('/')) throw malformed('field "File" is not an absolute path');
      await logs.start(file, messageField(message, 'Info'), context);
      return {};
    },
    async StopLogging(message) {
      await logs.stop(requiredTextField(message, 'File'));
      return {};
    },
    async Capabilities() {
      return { Cap: { ReadLogs: driver.readLogs !== undefined } };
    },
    async ReadLogs(message, context) {
      if (driver.readLogs === undefined) throw new PluginError('this log driver does not read logs');
      const container = readContainer(messageField(message, 'Info'));
      const selection = readSelection(messageField(message, 'Config'));
      return framesOf(await driver.readLogs(container, selection, context), selection);
    },
  };
  return {
    calls: servedCalls('LogDriver', handlers, { maxBodyBytes }),
    start: () => logs.restore(records, { signal: ending.signal }),
    async stop() {
      ending.abort();
      await logs.close();
    },
  };
}

/** Engines print lines as they come, so each ends with a line break. */
async function* framesOf(
  entries: AsyncIterable<LogEntry>,
  { sinceNano, untilNano }: LogSelection,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of entries) {
    if (sinceNano !== undefined && entry.timeNano < sinceNano) continue;
    if (untilNano !== undefined && entry.timeNano > untilNano) return;
    yield encodeFrame({ ...entry, line: Buffer.concat([entry.line, lineBreak]) });
  }
}

const lineBreak = Buffer.from('\n');
