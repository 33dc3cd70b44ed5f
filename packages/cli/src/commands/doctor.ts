/**
 * `outboard doctor`
 */

import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fetchDoctor, type HostCheck, parseDoctor } from '../client/host-api.ts';
import { CommandError, DaemonError, messageOf } from '../command-error.ts';
import { programCommand } from '../installation.ts';
import { formatRows, type OutputFormat, parseFormat, type Table } from '../output/output-format.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

const maxAnswerBytes = 1024 * 1024;
/** Above the sum of the time limits of the daemon's checks. */
const answerMs = 30_000;

/**
 * Check the host and print the results. The daemon runs the checks; if none answers on this host, a child process does.
 * @param options.timeoutMs time limit for the daemon's answer
 * @throws {CommandError} when a check failed
 */
export async function doctor(
  context: CommandContext,
  { format, timeoutMs = answerMs }: { readonly format: string; readonly timeoutMs?: number | undefined },
): Promise<void> {
  const wanted = parseFormat(format);
  const checks = await examine(context, timeoutMs);
  context.host.stdout.write(formatChecks(checks, wanted));
  const failed = checks.filter(({ status }) => status === 'fail').length;
  if (failed > 0) throw new CommandError(`${failed} of ${checks.length} checks failed`);
}

async function examine(context: CommandContext, timeoutMs: number): Promise<readonly HostCheck[]> {
  const { client, signal } = context;
  const name = 'daemon';
  try {
    const checks = await withinTime(fetchDoctor(client), context, timeoutMs);
    return [{ name, status: 'ok', message: `answers at ${client.address.text}`, remedy: '' }, ...checks];
  } catch (error) {
    signal.throwIfAborted();
    const isUnreached = error instanceof CommandError && !(error instanceof DaemonError) && !answered(error);
    // The host of a TCP daemon cannot be checked from here.
    if (!isUnreached || !('socketPath' in client.address)) throw error;
    const remedy =
      error instanceof SilentDaemonError
        ? 'read its log, then restart it (plugins keep running): systemctl restart outboard'
        : 'start it: outboard daemon, or as a service: outboard service install --now';
    return [{ name, status: 'fail', message: messageOf(error), remedy }, ...(await examineHere(signal))];
  }
}

/** The daemon accepts connections and does not answer. */
class SilentDaemonError extends CommandError {}

/** Limit the wait for a daemon that hangs, for example on an unresponsive file system. */
async function withinTime<Value>(
  answer: Promise<Value>,
  { client }: CommandContext,
  timeoutMs: number,
): Promise<Value> {
  const answered = new AbortController();
  const timeUp = delay(timeoutMs, undefined, { signal: answered.signal }).then(() => {
    const message = `the daemon at ${client.address.text} did not answer within ${timeoutMs / 1000} s`;
    throw new SilentDaemonError(message);
  });
  try {
    return await Promise.race([answer, timeUp]);
  } finally {
    answered.abort();
  }
}

/** True if another kind of daemon answered. */
function answered(error: CommandError): boolean {
  return error.cause instanceof DaemonError;
}

async function examineHere(signal: AbortSignal): Promise<readonly HostCheck[]> {
  const [program = '', ...words] = programCommand();
  const { stdout } = await promisify(execFile)(program, [...words, 'daemon', 'doctor'], {
    maxBuffer: maxAnswerBytes,
    signal,
  });
  return parseDoctor(JSON.parse(stdout));
}

const table: Table<ReturnType<typeof toDocument>> = {
  columns: { CHECK: ({ Name }) => Name, STATUS: ({ Status }) => Status, FOUND: ({ Message }) => Message },
  headers: { Name: 'CHECK', Status: 'STATUS', Message: 'FOUND', Remedy: 'WHAT TO DO' },
};

function formatChecks(checks: readonly HostCheck[], format: OutputFormat): string {
  const documents = checks.map(toDocument);
  // The document of the API.
  if (format.kind === 'json') return `${encodePrintableJson({ Checks: documents })}\n`;
  const text = formatRows(documents, format, table);
  return format.kind === 'table' && format.columns === undefined ? text + formatRemedies(checks) : text;
}

function formatRemedies(checks: readonly HostCheck[]): string {
  const withRemedy = checks.filter(({ remedy }) => remedy !== '');
  if (withRemedy.length === 0) return '';
  const lines = withRemedy.map(({ name, remedy }) => `  ${escapeText(name)}: ${escapeText(remedy)}\n`);
  return `\nWhat to do:\n${lines.join('')}`;
}

function toDocument({ name, status, message, remedy }: HostCheck) {
  return { Name: name, Status: status, Message: message, Remedy: remedy };
}
