/**
 * The end of a measurement by a signal.
 */
import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal came before the end of the work. */
export class Interruption extends Error {
  /** As a shell reports it. */
  readonly exitCode: number;

  constructor(signal: (typeof signals)[number]) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/**
 * Do work that a signal to this process ends. The work is awaited after a signal too, so that nothing of it is under way
 * when its caller cleans up.
 * @param work is given a signal that is aborted with an `Interruption`
 * @throws {Interruption} after a signal, or the error of the work
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const interrupt = (signal: (typeof signals)[number]) => controller.abort(new Interruption(signal));
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const result = await work(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    controller.signal.throwIfAborted();
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/**
 * Clean up, whatever signals come meanwhile: one that ended this process would leave plugins and their mounts on the host.
 * @param work must end by itself
 */
export async function cleanUp(work: () => Promise<void>): Promise<void> {
  const wait = () => console.error('removing what was started …');
  for (const signal of signals) process.on(signal, wait);
  try {
    await work();
  } finally {
    for (const signal of signals) process.off(signal, wait);
  }
}

/** Print an error, and end this process: with the code of a signal, or 1. */
export function exitAfterError(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(error instanceof Interruption ? error.exitCode : 1);
}
