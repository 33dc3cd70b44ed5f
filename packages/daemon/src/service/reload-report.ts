/**
 * The result of a reload that was requested by a signal: the daemon writes it to a file in the runtime directory of its
 * service. The API cannot be used, since a broken authorization plugin may deny it, and a reload removes such a plugin.
 */
import { watch } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSignals, rejectOnAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/engine';
import * as z from 'zod';

const reloadReport = z.object({
  /** Pid of the daemon. */
  pid: z.int().positive(),
  /** Start of the reload, `CLOCK_MONOTONIC` in nanoseconds. */
  beganAtNs: z.string().regex(/^\d+$/),
  /** Reason why the configuration did not change; absent if it is in force. */
  error: z.string().optional(),
});

/** Result of one reload. */
export type ReloadReport = z.infer<typeof reloadReport>;

const fileName = 'reload.json';
/** Time limit of a reload, longer than every limit inside it. */
const answerMs = 60_000;
/** Interval of checks that the daemon still runs: the end of another process is no event here. */
const checkMs = 500;

/** Write a report, whole or not at all. */
export async function writeReloadReport(directory: string, report: ReloadReport): Promise<void> {
  const path = join(directory, fileName);
  await writeFile(`${path}.new`, JSON.stringify(report), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Request a reload of a daemon, and wait for its result.
 * @param directory runtime directory of its service
 * @throws {OutboardError} invalid with the daemon's error if it kept the old configuration; unavailable without a result
 */
export async function requestReload(pid: number, directory: string): Promise<void> {
  const askedAtNs = process.hrtime.bigint();
  const answer = withResolvers<ReloadReport>();
  const fail = (reason: string) => answer.reject(new OutboardError('unavailable', reason));
  const look = async () => {
    const report = await readReport(directory);
    // A reload that began before the request may have read the old file.
    if (report?.pid === pid && BigInt(report.beganAtNs) >= askedAtNs) answer.resolve(report);
  };
  const watcher = watch(directory, (_event, name) => {
    if (name === fileName) void look().catch(answer.reject);
  });
  const checks = setInterval(() => {
    if (!signalProcess(pid, 0))
      fail(`the daemon (pid ${pid}) ended before it reported the result of the reload`);
  }, checkMs);
  using limit = joinSignals([], {
    timeoutMs: answerMs,
    timeoutReason: () => new OutboardError('unavailable', noResult(pid)),
  });
  try {
    if (!signalProcess(pid, 'SIGHUP')) fail(`there is no process ${pid}`);
    const { error } = await rejectOnAbort(answer.promise, limit.signal);
    if (error !== undefined) throw new OutboardError('invalid', error);
  } finally {
    clearInterval(checks);
    watcher.close();
  }
}

function noResult(pid: number): string {
  return `the daemon (pid ${pid}) did not report the result of the reload within ${answerMs / 1000} s`;
}

/** @returns undefined if there is no report, or the file has another form */
async function readReport(directory: string): Promise<ReloadReport | undefined> {
  try {
    return reloadReport.safeParse(JSON.parse(await readFile(join(directory, fileName), 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns false if there is no such process */
function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
