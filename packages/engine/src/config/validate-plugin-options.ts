/**
 * Checks the values of options, with Docker's error texts where `docker run` and `docker update` have some. The host is
 * not consulted.
 * @see moby daemon/daemon_unix.go, verifyPlatformContainerResources; daemon/container.go, validateHealthCheck and
 *   container.ValidateRestartPolicy (28.x)
 */

import { OutboardError, showValue } from '@outboard/oci';
import { validateAlias } from './gateway-options.ts';
import { optionDefaults, optionRows } from './option-table.ts';
import type {
  LogOptions,
  PluginLimits,
  PluginOverrides,
  RestartPolicy,
  SecurityOptions,
} from './plugin-options.ts';
import { checkAppArmorChoice, checkSeccompChoice } from './security-options.ts';

/** Docker's: the OCI runtime's own process needs as much. */
const leastMemoryBytes = 6 * 1024 * 1024;
/**
 * conmon reads 32 KiB at once and begins a new file before it writes them: a file takes 40 KiB. With one file of the
 * least size, there is room for it and for the one that conmon may add.
 */
const leastLogBytes = 80 * 1024;
const daySeconds = 86_400;

/** @throws {OutboardError} invalid with the field, its value, and what is right */
export function validatePluginOptions(options: PluginOverrides): void {
  const { limits, restart, health, log, security, gateway } = options;
  if (limits !== undefined) validateLimits(limits);
  if (restart !== undefined) validateRestart(restart);
  if (health !== undefined) validateHealth(health);
  validateRanges(options);
  if (log !== undefined) validateLog(log);
  if (security !== undefined) validateSecurity(security);
  if (gateway?.alias !== undefined) validateAlias(gateway.alias);
}

/** Whole numbers, by the ranges of the table. */
function validateRanges(options: PluginOverrides): void {
  for (const { key, read, description } of optionRows) {
    const value = read(options);
    if (description.range === undefined || value === undefined) continue;
    const [least, greatest] = description.range;
    if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= greatest) continue;
    throw invalid(
      `invalid ${JSON.stringify(key)} ${value}: want a whole number from ${least} to ${greatest}`,
    );
  }
}

/** 0 is "none", whatever the author's config says. */
function validateLimits({ memoryBytes = 0, cpus = 0 }: PluginLimits): void {
  if (Number.isSafeInteger(memoryBytes) && memoryBytes > 0 && memoryBytes < leastMemoryBytes) {
    throw invalid(`Minimum memory limit allowed is 6MB, got ${memoryBytes} bytes`);
  }
  // The kernel's least quota is 1 ms of each 100 ms.
  if (cpus !== 0 && !(cpus >= 0.01 && cpus <= 65_536)) {
    throw invalid(`range of CPUs is from 0.01 to 65536, got ${cpus}`);
  }
}

function validateRestart({ name, maximumRetries = 0 }: RestartPolicy): void {
  if (name !== 'on-failure' && maximumRetries !== 0) {
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (maximumRetries < 0) throw invalid('invalid restart policy: maximum retry count cannot be negative');
}

function validateHealth({ kind, path, ...check }: NonNullable<PluginOverrides['health']>): void {
  const { intervalSeconds, timeoutSeconds } = { ...optionDefaults.health, ...check };
  if (path !== undefined && kind !== 'http')
    throw invalid('"health.path" is for the health check "http" only');
  // The path stands in the first line of a request.
  if (path !== undefined && !/^\/[\x21-\x7e]{0,2047}$/.test(path)) {
    throw invalid(`invalid "health.path" ${showValue(path)}: want a path such as "/health"`);
  }
  requireSeconds('Interval', intervalSeconds);
  requireSeconds('Timeout', timeoutSeconds);
}

function requireSeconds(name: string, seconds: number): void {
  if (seconds < 0.001) throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  if (seconds > daySeconds) throw invalid(`${name} in Healthcheck cannot be more than 24h`);
}

function validateLog({ maxBytes = leastLogBytes }: LogOptions): void {
  if (maxBytes >= leastLogBytes) return;
  throw invalid(`invalid "log.maxBytes" ${maxBytes}: want at least ${leastLogBytes} (80k)`);
}

function validateSecurity({ seccomp, apparmor }: SecurityOptions): void {
  if (seccomp !== undefined) checkSeccompChoice(seccomp);
  if (apparmor !== undefined) checkAppArmorChoice(apparmor);
}

function invalid(message: string): OutboardError {
  return new OutboardError('invalid', message);
}
