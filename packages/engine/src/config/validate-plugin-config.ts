/**
 * Checks the values of a config before any of them is used: strictly on create, so that an author learns of mistakes; on
 * pull as strictly as safety requires, so that every published plugin can be installed.
 */

import {
  canonicalCapability,
  cleanAbsolutePath,
  isAtOrBelow,
  isBelow,
  withoutVarRun,
} from '@outboard/container';
import { hasHiddenCharacters, isOutboardError, OutboardError, showValue } from '@outboard/oci';
import {
  type ConfigFinding,
  collectFindings,
  type Findings,
  messagesOf,
  refuseFindings,
} from './config-finding.ts';
import { describeFinding, fieldRefusal } from './describe-finding.ts';
import { checkInterface } from './interface-rules.ts';
import { type CheckedMount, checkMount, checkPath, socketDirectoryInPlugin } from './mount-rules.ts';
import type { PluginConfig } from './plugin-config.ts';
import { checkSettings } from './settable-rules.ts';
import { confineSharedMounts } from './shared-mounts.ts';
import { checkShownTexts } from './shown-text.ts';

/** Choices for a validation. */
export interface ValidateOptions {
  /** `create` also refuses mistakes that harm no one; on `pull` they are warnings. */
  readonly strictness: 'create' | 'pull';
}

/** Bytes of one argument or `NAME=VALUE`, NUL included: MAX_ARG_STRLEN of Linux. */
const maxArgumentBytes = 128 * 1024;
const maxEntries = 1024;

/**
 * Check a config, and throw for the first fault that the strictness does not allow.
 * @returns warnings, one line each
 * @throws {OutboardError} invalid with the field, its value, and what would be right
 */
export function validatePluginConfig(
  config: PluginConfig,
  { strictness }: ValidateOptions = { strictness: 'pull' },
): readonly string[] {
  const findings = judgePluginConfig(config);
  refuseFindings(findings, strictness === 'create' ? ['refused', 'mistake'] : ['refused']);
  return messagesOf(findings);
}

/** Check a config. @returns everything that was found, in the order of the checks */
export function judgePluginConfig(config: PluginConfig): readonly ConfigFinding[] {
  const found: ConfigFinding[] = [];
  const findings = collectFindings(found);
  // Other checks read the entries of the lists.
  findings.attempt('config/length', () => checkLengths(config));
  if (found.length > 0) return found;
  findings.attempt('config/hidden-text', () => checkShownTexts(config));
  checkInterface(config, findings);
  checkProcess(config, findings);
  checkEnv(config, findings);
  checkMounts(config, findings);
  findings.attempt('config/propagated-mount', () => checkPropagatedMount(config, findings));
  checkDevices(config, findings);
  checkSettings(config, findings);
  checkCapabilities(config, findings);
  findings.attempt('config/network', () => checkNetwork(config, findings));
  return found;
}

function checkCount(field: string, list: readonly unknown[] | null): void {
  if (list !== null && list.length > maxEntries) {
    throw fieldRefusal(field, `${list.length} entries`, `at most ${maxEntries}`);
  }
}

/** Check the lengths of lists, before other checks read their entries. */
function checkLengths({ entrypoint, args, env, mounts, linux, interface: { types } }: PluginConfig): void {
  checkCount('Interface.Types', types);
  checkCount('Entrypoint', entrypoint);
  checkCount('Args.Value', args.value);
  checkCount('Env', env);
  checkCount('Mounts', mounts);
  checkCount('Linux.Devices', linux.devices);
  checkCount('Linux.Capabilities', linux.capabilities);
}

function checkProcess(config: PluginConfig, findings: Findings): void {
  const { entrypoint, workDir } = config;
  if (entrypoint === null || entrypoint.length === 0) {
    const message =
      'config: "Entrypoint": there is none: want the program of the plugin, such as ["/plugin"]';
    findings.add('flaw', 'config/entrypoint', message);
  }
  findings.attempt('config/argument', () => checkArguments('Entrypoint', entrypoint));
  findings.attempt('config/argument', () => checkArguments('Args.Value', config.args.value));
  if (workDir !== '') findings.attempt('config/work-directory', () => checkWorkDirectory(workDir));
}

function checkWorkDirectory(workDir: string): void {
  const clean = checkPath(workDir, 'WorkDir', 'config');
  // A working directory that links to an open file of the runtime is outside of the container (CVE-2024-21626).
  if (isAtOrBelow(clean, '/proc') || isAtOrBelow(clean, '/dev')) {
    throw fieldRefusal('WorkDir', workDir, 'a directory of the root filesystem, outside /proc and /dev');
  }
}

function checkArguments(field: string, list: readonly string[] | null): void {
  for (const [index, argument] of (list ?? []).entries()) {
    if (argument.includes('\0') || Buffer.byteLength(argument) >= maxArgumentBytes) {
      throw fieldRefusal(
        `${field}[${index}]`,
        argument,
        `text without NUL, shorter than ${maxArgumentBytes} bytes`,
      );
    }
  }
}

function checkEnv(config: PluginConfig, findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, { name, value }] of (config.env ?? []).entries()) {
    findings.attempt('config/env', () => {
      if (name === '' || name.includes('=')) {
        throw fieldRefusal(`Env[${index}].Name`, name, 'a name without "="');
      }
      checkArguments(`Env[${index}].Value`, [`${name}=${value ?? ''}`]);
    });
    if (seen.has(name)) {
      const message = `config: "Env[${index}].Name": ${showValue(name)} is there twice`;
      findings.add('warning', 'config/duplicate-name', message);
    }
    seen.add(name);
  }
}

function checkMounts(config: PluginConfig, findings: Findings): void {
  const seen = new Set<string>();
  const all: CheckedMount[] = [];
  for (const [index, mount] of (config.mounts ?? []).entries()) {
    const field = `Mounts[${index}]`;
    const warn = (text: string) => findings.add('warning', 'config/mount', text);
    const checked = findings.attempt('config/mount', () => checkMount(mount, `config: "${field}"`));
    if (checked === undefined) continue;
    all.push(checked);
    checked.warnings.forEach(warn);
    if (seen.has(checked.destination)) {
      warn(`config: "${field}": mounts over another mount at ${showValue(checked.destination)}`);
    }
    seen.add(checked.destination);
    if (checked.kind === 'tmpfs' || mount.source === null || mount.source === '') continue;
    if (cleanAbsolutePath(mount.source) !== undefined) continue;
    const want = 'an absolute path without "." and ".." components';
    findings.add('mistake', 'config/mount', describeFinding(`${field}.Source`, mount.source, want));
  }
  for (const warning of confineSharedMounts(all).warnings)
    findings.add('warning', 'config/shared-mount', `config: ${warning}`);
}

function checkPropagatedMount(config: PluginConfig, findings: Findings): void {
  if (config.propagatedMount === '') return;
  const clean = checkPath(config.propagatedMount, 'PropagatedMount', 'config');
  const reserved = ['/proc', '/sys', '/dev', socketDirectoryInPlugin];
  if (clean === '/' || reserved.some((parent) => isAtOrBelow(withoutVarRun(clean), parent))) {
    const want = `a directory of the root filesystem, not / and not in ${reserved.join(', ')}`;
    throw fieldRefusal('PropagatedMount', config.propagatedMount, want);
  }
  const warn = (text: string) => findings.add('warning', 'config/propagated-mount', text);
  if (config.mounts?.some((mount) => cleanAbsolutePath(mount.destination) === clean)) {
    warn(`config: "PropagatedMount": a mount at ${showValue(clean)} covers it`);
  }
  if (isBelow(socketDirectoryInPlugin, withoutVarRun(clean))) {
    warn(`config: "PropagatedMount": ${showValue(clean)} contains the socket directory`);
  }
}

function checkDevices(config: PluginConfig, findings: Findings): void {
  for (const [index, device] of (config.linux.devices ?? []).entries()) {
    if (device.path === null || device.path === '') continue;
    const field = `Linux.Devices[${index}].Path`;
    if (cleanAbsolutePath(device.path) !== device.path) {
      const want = 'the clean absolute path of a device, such as "/dev/fuse"';
      findings.add('mistake', 'config/device', describeFinding(field, device.path, want));
    }
  }
}

function checkCapabilities(config: PluginConfig, findings: Findings): void {
  const list = config.linux.capabilities ?? [];
  const canonical = list.flatMap((name, index) => {
    const known = findings.attempt('config/capability', () => namedCapability(name, index));
    return known === undefined ? [] : [known];
  });
  if (new Set(canonical).size < canonical.length) {
    const message = `config: "Linux.Capabilities": ${showValue(list)} names a capability twice`;
    findings.add('warning', 'config/capability', message);
  }
}

/** @throws {OutboardError} invalid, with the place of the name */
function namedCapability(name: string, index: number): string {
  try {
    return canonicalCapability(name);
  } catch (cause) {
    if (!isOutboardError(cause, 'invalid')) throw cause;
    throw new OutboardError('invalid', `config: "Linux.Capabilities[${index}]": ${cause.message}`, { cause });
  }
}

function checkNetwork(config: PluginConfig, findings: Findings): void {
  const { type } = config.network;
  if (hasHiddenCharacters(type)) {
    throw fieldRefusal('Network.Type', type, 'text without control and invisible characters');
  }
  if (!['', 'host', 'bridge', 'none', 'null'].includes(type)) {
    const want = '"host", "bridge", or "none" for no network';
    findings.add('warning', 'config/network', describeFinding('Network.Type', type, want));
  }
}
