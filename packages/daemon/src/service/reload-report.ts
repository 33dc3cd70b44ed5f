/**
 * The outcome of a reload, for whoever asked for it by a signal, which cannot answer: the daemon writes it into the
 * folder that a service manager made for the service. The API is no way: authorization plugins may refuse it, and a reload
 * is how one that fails is taken away.
 */
import { watch } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSignals, rejectOnAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/engine';
import * as z from 'zod';

const reloadReport = z.object({
  /** Of the daemon. */
  pid: z.int().positive(),
  /** `CLOCK_MONOTONIC` in nanoseconds, before the configuration was read. */
  beganAtNs: z.string().regex(/^\d+$/),
  /** Why the configuration stayed as it was; absent when it is in force. */
  error: z.string().optional(),
});

/** What came of one reload. */
export type ReloadReport = z.infer<typeof reloadReport>;

const fileName = 'reload.json';
/** How long a reload may take: longer than any wait in it. */
const answerMs = 60_000;
/** How often to look whether the daemon still runs, whose end is no event here. */
const lookMs = 500;

/** Make it known, whole or not at all. */
export async function writeReloadReport(directory: string, report: ReloadReport): Promise<void> {
  const path = join(directory, fileName);
  await writeFile(`${path}.new`, JSON.stringify(report), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/**
 * Have a daemon read its configuration anew, and wait for the outcome.
 * @param directory the service's, where the daemon reports
 * @throws {OutboardError} invalid with the daemon's own words when it kept the old one; unavailable when it does not tell
 */
export async function requestReload(pid: number, directory: string): Promise<void> {
  const askedAtNs = process.hrtime.bigint();
  const answer = withResolvers<ReloadReport>();
  const fail = (reason: string) => answer.reject(new OutboardError('unavailable', reason));
  const look = async () => {
    const report = await readReport(directory);
    // One that began before may have read the file as it was.
    if (report?.pid === pid && BigInt(report.beganAtNs) >= askedAtNs) answer.resolve(report);
  };
  const watcher = watch(directory, (_event, name) => {
    if (name === fileName) void look().catch(answer.reject);
  });
  const looks = setInterval(() => {
    if (!signalProcess(pid, 0)) fail(`the daemon (pid ${pid}) ended before it had read its configuration`);
  }, lookMs);
  using limit = joinSignals([], {
    timeoutMs: answerMs,
    timeoutReason: () => new OutboardError('unavailable', notTold(pid)),
  });
  try {
    if (!signalProcess(pid, 'SIGHUP')) fail(`there is no process ${pid}`);
    const { error } = await rejectOnAbort(answer.promise, limit.signal);
    if (error !== undefined) throw new OutboardError('invalid', error);
  } finally {
    clearInterval(looks);
    watcher.close();
  }
}

function notTold(pid: number): string {
  return `the daemon (pid ${pid}) did not tell within ${answerMs / 1000} s whether it has read its configuration`;
}

/** @returns undefined when there is none, or another program's */
async function readReport(directory: string): Promise<ReloadReport | undefined> {
  try {
    return reloadReport.safeParse(JSON.parse(await readFile(join(directory, fileName), 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns false when there is no such process */
function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
