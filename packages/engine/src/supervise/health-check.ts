/**
 * Health checks: probe a plugin at intervals, which is the only way to notice that it hangs.
 */
import { request } from 'node:http';
import { joinSignals, pause, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import { optionDefaults } from '../config/option-table.ts';
import type { HealthCheck } from '../config/plugin-options.ts';
import type { ConnectSocket } from './wait-for-socket.ts';

const defaults = optionDefaults.health;

/** One probe. @throws {Error} when the plugin does not answer as it should; the signal's reason */
export type HealthProbe = (signal: AbortSignal) => Promise<void>;

/** The probe that a check describes. @param path of the plugin's socket */
export function createHealthProbe(check: HealthCheck, path: string, connect: ConnectSocket): HealthProbe {
  return check.kind === 'http'
    ? (signal) => probeHttp(check.path ?? defaults.path, path, connect, signal)
    : async (signal) => {
        (await connect(path, { signal })).destroy();
      };
}

/** Parts and callbacks of one health check. */
export interface HealthWatch {
  readonly check: HealthCheck;
  readonly probe: HealthProbe;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called when as many probes in a row have failed as the check allows; once until `onHealthy`. */
  readonly onUnhealthy: (reason: string) => void;
  readonly onHealthy: () => void;
}

/** Probe a plugin, one probe after another, until the signal is aborted. Never rejects. */
export async function watchHealth(watch: HealthWatch): Promise<void> {
  const { check, signal } = watch;
  const { intervalSeconds = defaults.intervalSeconds, retries = defaults.retries } = check;
  let failures = 0;
  for (;;) {
    await pause(intervalSeconds * 1000, signal);
    if (signal.aborted) return;
    const reason = await tryProbe(watch);
    if (signal.aborted) return;
    if (reason === undefined) {
      if (failures >= retries) watch.onHealthy();
      failures = 0;
    } else {
      failures += 1;
      if (failures === retries) watch.onUnhealthy(reason);
    }
  }
}

/** @returns the reason when the probe failed */
async function tryProbe({ check, probe, signal }: HealthWatch): Promise<string | undefined> {
  const { timeoutSeconds = defaults.timeoutSeconds } = check;
  using limit = joinSignals([signal], {
    timeoutMs: timeoutSeconds * 1000,
    timeoutReason: () => new OutboardError('unavailable', `no answer within ${timeoutSeconds} s`),
  });
  try {
    await probe(limit.signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Only the status counts; headers and body are not read. */
async function probeHttp(
  target: string,
  path: string,
  connect: ConnectSocket,
  signal: AbortSignal,
): Promise<void> {
  const socket = await connect(path, { signal });
  try {
    const answer = withResolvers<number>();
    request({ method: 'POST', path: target, createConnection: () => socket, signal })
      // A response that a client receives has a status.
      .on('response', (response) => answer.resolve(response.on('error', () => undefined).statusCode ?? 0))
      .on('error', () => answer.reject(signal.aborted ? signal.reason : brokenAnswer(target)))
      .end();
    const status = await answer.promise;
    if (status >= 500) throw new OutboardError('system', `POST ${target} was answered with status ${status}`);
  } finally {
    socket.destroy();
  }
}

function brokenAnswer(target: string): OutboardError {
  return new OutboardError('unavailable', `POST ${target} was not answered in HTTP`);
}
