/**
 * Judges options by themselves, in Docker's words where `docker run` and `docker update` have some. What a host can do
 * is not known here.
 * @see moby daemon/daemon_unix.go, verifyPlatformContainerResources; daemon/container.go, validateHealthCheck and
 *   container.ValidateRestartPolicy (28.x)
 */

import { OutboardError, showValue } from '@outboard/oci';
import type {
  LogOptions,
  PluginLimits,
  PluginOverrides,
  RestartPolicy,
  SecurityOptions,
} from './plugin-options.ts';
import { checkAppArmorChoice, checkSeccompChoice } from './security-options.ts';

const mebibyte = 1024 * 1024;
/** Docker's: below it not even the OCI runtime's own process fits. */
const leastMemoryBytes = 6 * mebibyte;
/** Of the kernel on 64-bit hosts: PID_MAX_LIMIT, and the most that fs.nr_open can be. */
const mostPids = 4_194_304;
const mostOpenFiles = 1_073_741_816;
/**
 * conmon reads 32 KiB at once and begins a new file before it writes them: a file takes 40 KiB. With one file of the
 * least size, there is room for it and for the one that conmon may add.
 */
const leastLogBytes = 80 * 1024;
const daySeconds = 86_400;

/** @throws {OutboardError} invalid with the field, its value, and what it may be */
export function validatePluginOptions(options: PluginOverrides): void {
  const { limits, restart, stopTimeoutSeconds, health, log, security } = options;
  if (limits !== undefined) validateLimits(limits);
  if (restart !== undefined) validateRestart(restart);
  if (stopTimeoutSeconds !== undefined) requireWhole('stopTimeoutSeconds', stopTimeoutSeconds, 0, daySeconds);
  if (health !== undefined) validateHealth(health);
  if (log !== undefined) validateLog(log);
  if (security !== undefined) validateSecurity(security);
}

/** 0 is "none", whatever the author's config says. */
function validateLimits({ memoryBytes = 0, cpus = 0, pids = 0, openFiles = 0 }: PluginLimits): void {
  requireWhole('limits.memoryBytes', memoryBytes, 0, Number.MAX_SAFE_INTEGER);
  if (memoryBytes > 0 && memoryBytes < leastMemoryBytes) {
    throw invalid(`Minimum memory limit allowed is 6MB, got ${memoryBytes} bytes`);
  }
  // The kernel's least quota is 1 ms of each 100 ms.
  if (cpus !== 0 && !(cpus >= 0.01 && cpus <= 65_536)) {
    throw invalid(`range of CPUs is from 0.01 to 65536, got ${cpus}`);
  }
  requireWhole('limits.pids', pids, 0, mostPids);
  requireWhole('limits.openFiles', openFiles, 0, mostOpenFiles);
}

function validateRestart({ name, maximumRetries = 0 }: RestartPolicy): void {
  if (name !== 'on-failure' && maximumRetries !== 0) {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (maximumRetries < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
  requireWhole('restart.maximumRetries', maximumRetries, 0, 0x7fffffff);
}

function validateHealth({ kind, ...check }: NonNullable<PluginOverrides['health']>): void {
  const { path, intervalSeconds = 30, timeoutSeconds = 10, retries = 3 } = check;
  if (path !== undefined && kind !== 'http')
    throw invalid('"health.path" is for the health check "http" only');
  // As it stands in the first line of a request.
  if (path !== undefined && !/^\/[\x21-\x7e]{0,2047}$/.test(path)) {
    throw invalid(`invalid "health.path" ${showValue(path)}: want a path such as "/health"`);
  }
  requireSeconds('Interval', intervalSeconds);
  requireSeconds('Timeout', timeoutSeconds);
  requireWhole('health.retries', retries, 1, 1_000_000);
}

function requireSeconds(name: string, seconds: number): void {
  if (seconds < 0.001) throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  if (seconds > daySeconds) throw invalid(`${name} in Healthcheck cannot be more than 24h`);
}

function validateLog({ maxBytes = mebibyte, maxFiles = 1 }: LogOptions): void {
  requireWhole('log.maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
  if (maxBytes < leastLogBytes) {
    throw invalid(`invalid "log.maxBytes" ${maxBytes}: want at least ${leastLogBytes} (80k)`);
  }
  requireWhole('log.maxFiles', maxFiles, 1, 1000);
}

function validateSecurity({ seccomp, apparmor }: SecurityOptions): void {
  if (seccomp !== undefined) checkSeccompChoice(seccomp);
  if (apparmor !== undefined) checkAppArmorChoice(apparmor);
}

function requireWhole(field: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalid(`invalid ${JSON.stringify(field)} ${value}: want a whole number from ${least} to ${most}`);
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
