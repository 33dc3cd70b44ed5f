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
import { hasHiddenCharacters, OutboardError, showValue } from '@outboard/oci';
import { formatInterfaceType, writtenInterfaceType } from './interface-type.ts';
import { type CheckedMount, checkMount, checkPath, socketDirectoryInPlugin } from './mount-rules.ts';
import type { PluginConfig } from './plugin-config.ts';
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
/** `/run/docker/plugins/<name>` must fit sun_path (108 bytes with NUL), or the plugin cannot bind it. */
const maxSocketNameBytes = 107 - `${socketDirectoryInPlugin}/`.length;

/** Capabilities that Docker uses. */
const knownKinds = new Set(
  'authz ipamdriver logdriver metricscollector networkdriver secretprovider volumedriver'.split(' '),
);

/** The findings of one validation. */
interface Findings {
  readonly warnings: string[];
  /** Report a mistake that makes the plugin useless but harms no one. */
  readonly mistake: (field: string, got: unknown, want: string) => void;
}

/**
 * Check a config.
 * @returns warnings, one line each
 * @throws {OutboardError} invalid with the field, its value, and what would be right
 */
export function validatePluginConfig(
  config: PluginConfig,
  options: ValidateOptions = { strictness: 'pull' },
): readonly string[] {
  const warnings: string[] = [];
  const findings: Findings = {
    warnings,
    mistake(field, got, want) {
      const message = describe(field, got, want);
      if (options.strictness === 'create') throw new OutboardError('invalid', message);
      warnings.push(message);
    },
  };
  checkLengths(config);
  checkShownTexts(config);
  checkInterface(config, findings);
  checkProcess(config, findings);
  checkEnv(config, findings);
  checkMounts(config, findings);
  checkPropagatedMount(config, warnings);
  checkDevices(config, findings);
  checkCapabilities(config, warnings);
  checkNetwork(config, warnings);
  return warnings;
}

function describe(field: string, got: unknown, want: string): string {
  return `config: ${JSON.stringify(field)}: invalid value ${showValue(got)}: want ${want}`;
}

function refusal(field: string, got: unknown, want: string): OutboardError {
  return new OutboardError('invalid', describe(field, got, want));
}

function checkCount(field: string, list: readonly unknown[] | null): void {
  if (list !== null && list.length > maxEntries) {
    throw refusal(field, `${list.length} entries`, `at most ${maxEntries}`);
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

function checkInterface(config: PluginConfig, findings: Findings): void {
  const { types, socket } = config.interface;
  for (const [index, type] of (types ?? []).entries()) {
    const field = `Interface.Types[${index}]`;
    const shown = formatInterfaceType(type);
    if (hasHiddenCharacters(shown))
      throw refusal(field, shown, 'text without control and invisible characters');
    if (type.prefix === '' || type.capability === '' || type.version === '') {
      const likely = `docker.${knownKinds.has(type.capability) ? type.capability : 'volumedriver'}/1.0`;
      const want = `<prefix>.<capability>/<version>, such as ${JSON.stringify(likely)}`;
      findings.mistake(field, writtenInterfaceType(type), want);
    }
  }
  const hasTypes = types !== null && types.length > 0;
  if (socket === '') {
    const want = 'the name of the socket, such as "plugin.sock"';
    if (hasTypes) findings.mistake('Interface.Socket', socket, want);
    else findings.warnings.push(describe('Interface.Socket', socket, want));
    return;
  }
  // The name is joined to a directory of the host: any other text would lead out of it.
  const isComponent = !socket.includes('/') && socket !== '.' && socket !== '..';
  if (!isComponent || hasHiddenCharacters(socket) || Buffer.byteLength(socket) > maxSocketNameBytes) {
    throw refusal('Interface.Socket', socket, `one file name of at most ${maxSocketNameBytes} bytes`);
  }
}

function checkProcess(config: PluginConfig, findings: Findings): void {
  const { entrypoint, workDir } = config;
  if (entrypoint === null || entrypoint.length === 0) {
    findings.warnings.push(
      describe('Entrypoint', entrypoint, 'a program: the plugin cannot be enabled without'),
    );
  }
  checkArguments('Entrypoint', entrypoint);
  checkArguments('Args.Value', config.args.value);
  if (workDir === '') return;
  const clean = checkPath(workDir, 'WorkDir', 'config');
  // A working directory that links to an open file of the runtime is outside of the container (CVE-2024-21626).
  if (isAtOrBelow(clean, '/proc') || isAtOrBelow(clean, '/dev')) {
    throw refusal('WorkDir', workDir, 'a directory of the root filesystem, outside /proc and /dev');
  }
}

function checkArguments(field: string, list: readonly string[] | null): void {
  for (const [index, argument] of (list ?? []).entries()) {
    if (argument.includes('\0') || Buffer.byteLength(argument) >= maxArgumentBytes) {
      throw refusal(
        `${field}[${index}]`,
        argument,
        `text without NUL, shorter than ${maxArgumentBytes} bytes`,
      );
    }
  }
}

function checkEnv(config: PluginConfig, findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, env] of (config.env ?? []).entries()) {
    if (env.name === '' || env.name.includes('=')) {
      throw refusal(`Env[${index}].Name`, env.name, 'a name without "="');
    }
    checkArguments(`Env[${index}].Value`, [`${env.name}=${env.value ?? ''}`]);
    if (seen.has(env.name))
      findings.warnings.push(`config: "Env[${index}].Name": ${showValue(env.name)} is there twice`);
    seen.add(env.name);
  }
}

function checkMounts(config: PluginConfig, findings: Findings): void {
  const seen = new Set<string>();
  const all: CheckedMount[] = [];
  for (const [index, mount] of (config.mounts ?? []).entries()) {
    const field = `Mounts[${index}]`;
    const checked = checkMount(mount, `config: "${field}"`);
    all.push(checked);
    findings.warnings.push(...checked.warnings);
    if (seen.has(checked.destination)) {
      findings.warnings.push(
        `config: "${field}": mounts over another mount at ${showValue(checked.destination)}`,
      );
    }
    seen.add(checked.destination);
    if (checked.kind === 'tmpfs' || mount.source === null || mount.source === '') continue;
    if (cleanAbsolutePath(mount.source) === undefined) {
      findings.mistake(`${field}.Source`, mount.source, 'an absolute path without "." and ".." components');
    }
  }
  findings.warnings.push(...confineSharedMounts(all).warnings.map((warning) => `config: ${warning}`));
}

function checkPropagatedMount(config: PluginConfig, warnings: string[]): void {
  if (config.propagatedMount === '') return;
  const clean = checkPath(config.propagatedMount, 'PropagatedMount', 'config');
  const reserved = ['/proc', '/sys', '/dev', socketDirectoryInPlugin];
  if (clean === '/' || reserved.some((parent) => isAtOrBelow(withoutVarRun(clean), parent))) {
    const want = `a directory of the root filesystem, not / and not in ${reserved.join(', ')}`;
    throw refusal('PropagatedMount', config.propagatedMount, want);
  }
  if (config.mounts?.some((mount) => cleanAbsolutePath(mount.destination) === clean)) {
    warnings.push(`config: "PropagatedMount": a mount at ${showValue(clean)} covers it`);
  }
  if (isBelow(socketDirectoryInPlugin, withoutVarRun(clean))) {
    warnings.push(`config: "PropagatedMount": ${showValue(clean)} contains the socket directory`);
  }
}

function checkDevices(config: PluginConfig, findings: Findings): void {
  for (const [index, device] of (config.linux.devices ?? []).entries()) {
    if (device.path === null || device.path === '') continue;
    const field = `Linux.Devices[${index}].Path`;
    if (cleanAbsolutePath(device.path) !== device.path) {
      findings.mistake(field, device.path, 'the clean absolute path of a device, such as "/dev/fuse"');
    }
  }
}

function checkCapabilities(config: PluginConfig, warnings: string[]): void {
  const list = config.linux.capabilities ?? [];
  const canonical = list.map((name) => canonicalCapability(name));
  if (new Set(canonical).size < canonical.length) {
    warnings.push(`config: "Linux.Capabilities": ${showValue(list)} names a capability twice`);
  }
}

function checkNetwork(config: PluginConfig, warnings: string[]): void {
  const { type } = config.network;
  if (hasHiddenCharacters(type)) {
    throw refusal('Network.Type', type, 'text without control and invisible characters');
  }
  if (!['', 'host', 'bridge', 'none', 'null'].includes(type)) {
    warnings.push(describe('Network.Type', type, '"host", "bridge", or "none" for no network'));
  }
}
