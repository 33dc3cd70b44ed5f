/**
 * `outboard doctor`
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fetchDoctor, type HostCheck, parseDoctor } from '../client/host-api.ts';
import { CommandError, DaemonError, messageOf } from '../command-error.ts';
import { programFile } from '../installation.ts';
import { encodePrintableJson, escapeText } from '../terminal/escape-text.ts';
import { formatTable } from '../terminal/table.ts';
import type { CommandContext } from './command-context.ts';

const maxAnswerBytes = 1024 * 1024;

/**
 * Print what is checked: by the daemon, or by a process of its program when none answers on this host.
 * @throws {CommandError} when a check failed
 */
export async function doctor(
  context: CommandContext,
  { format }: { readonly format: string },
): Promise<void> {
  const checks = await examine(context);
  context.host.stdout.write(
    format === 'json' ? `${encodePrintableJson({ Checks: checks.map(toDocument) })}\n` : show(checks),
  );
  const failed = checks.filter(({ status }) => status === 'fail').length;
  if (failed > 0) throw new CommandError(`${failed} of ${checks.length} checks failed`);
}

async function examine(context: CommandContext): Promise<readonly HostCheck[]> {
  const { client, signal } = context;
  const name = 'daemon';
  try {
    const checks = await fetchDoctor(client);
    return [{ name, status: 'ok', message: `answers at ${client.address.text}`, remedy: '' }, ...checks];
  } catch (error) {
    signal.throwIfAborted();
    const isUnreached = error instanceof CommandError && !(error instanceof DaemonError) && !answered(error);
    // A host far away cannot be looked at from here.
    if (!isUnreached || !('socketPath' in client.address)) throw error;
    const remedy = 'outboard daemon, or as a service: outboard service install --now';
    return [{ name, status: 'fail', message: messageOf(error), remedy }, ...(await examineHere(signal))];
  }
}

/** Whether there is a daemon, of another kind. */
function answered(error: CommandError): boolean {
  return error.cause instanceof DaemonError;
}

async function examineHere(signal: AbortSignal): Promise<readonly HostCheck[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [programFile, 'daemon', 'doctor'], {
    maxBuffer: maxAnswerBytes,
    signal,
  });
  return parseDoctor(JSON.parse(stdout));
}

function show(checks: readonly HostCheck[]): string {
  const rows = checks.map(({ name, status, message }) => [name, status, message].map(escapeText));
  const table = formatTable([['CHECK', 'STATUS', 'FOUND'], ...rows]);
  const toDo = checks.filter(({ remedy }) => remedy !== '');
  if (toDo.length === 0) return table;
  const lines = toDo.map(({ name, remedy }) => `  ${escapeText(name)}: ${escapeText(remedy)}\n`);
  return `${table}\nWhat to do:\n${lines.join('')}`;
}

function toDocument({ name, status, message, remedy }: HostCheck): object {
  return { Name: name, Status: status, Message: message, Remedy: remedy };
}
