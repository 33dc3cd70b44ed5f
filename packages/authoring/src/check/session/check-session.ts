/**
 * A plugin under check: its private engine, its calls, and its restarts.
 */
import { readlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pollUntil } from '@outboard/async';
import type { Plugin, PluginEngine } from '@outboard/engine';
import { showValue } from '@outboard/oci';
import { CheckFailure } from './check-failure.ts';
import { createPluginCaller, type PluginCaller } from './plugin-caller.ts';

/** Limit for a plugin to serve again after its end: half as long again as Docker waits for a start. */
const restartTimeoutMs = 15_000;

/** A plugin that runs. */
export interface CheckSession extends PluginCaller {
  readonly engine: PluginEngine;
  readonly plugin: Plugin;
  /** Options of volumes, or of logged containers, as the caller of the check gave them. */
  readonly options: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Process ID of the plugin's first process on the host. */
  pid(): number;
  /** Kill the plugin without warning, and wait until it serves again. @throws {CheckFailure} when it does not come back */
  crash(): Promise<void>;
  /**
   * Notice an end that no check caused on purpose, and wait until the plugin serves again.
   * @returns the reason of the end; undefined when it still runs
   * @throws {CheckFailure} when it does not come back
   */
  findEnd(): Promise<string | undefined>;
}

/** Parts of a session. */
export interface CheckSessionDeps {
  readonly engine: PluginEngine;
  readonly plugin: Plugin;
  readonly options: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Open a session for a plugin that is enabled. */
export async function openCheckSession({
  engine,
  plugin,
  options,
  signal,
}: CheckSessionDeps): Promise<CheckSession> {
  const { id } = plugin;
  const { socketPath: link } = await engine.status(id);
  if (link === undefined) throw new CheckFailure('the plugin has no socket');
  // The engine's link; below it nothing that the plugin made is followed. It is the same for all runs of the plugin.
  const socketPath = resolve(dirname(link), await readlink(link));
  const pid = (): number | undefined => {
    const state = engine.state(id);
    return 'pid' in state ? state.pid : undefined;
  };
  let expected = pid();

  let lost: CheckFailure | undefined;

  async function serve(): Promise<void> {
    // One wait is enough: it does not come back.
    if (lost !== undefined) throw lost;
    const isOver = () => {
      signal.throwIfAborted();
      return engine.state(id).status === 'failed' || (pid() !== undefined && pid() !== expected);
    };
    await pollUntil(isOver, { timeoutMs: restartTimeoutMs });
    const state = engine.state(id);
    if (pid() === undefined || pid() === expected) {
      const reason = 'reason' in state ? `: ${state.reason}` : '';
      lost = new CheckFailure(`the plugin does not serve again within ${restartTimeoutMs / 1000} s${reason}`);
      throw lost;
    }
    expected = pid();
  }

  return {
    ...createPluginCaller({ socketPath: () => socketPath, signal }),
    engine,
    plugin,
    options,
    signal,
    pid: () => pid() ?? 0,
    async crash() {
      const current = pid();
      if (current !== undefined) killProcess(current);
      await serve();
    },
    async findEnd() {
      if (lost === undefined && pid() === expected) return undefined;
      const { lastFailure } = await engine.status(id);
      await serve();
      const log = lastFailure?.log.at(-1);
      return `${lastFailure?.reason ?? 'no reason is known'}${log === undefined ? '' : `; it wrote ${showValue(log)}`}`;
    },
  };
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
