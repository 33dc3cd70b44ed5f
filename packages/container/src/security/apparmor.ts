/**
 * AppArmor on this host: detection, and loading of profiles into the kernel.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOutboardError, makeDirectories, OutboardError } from '@outboard/oci';
import { errorCode } from '../linux/errno.ts';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';

const loadTimeoutMs = 30_000;
const enabledParameter = '/sys/module/apparmor/parameters/enabled';
const kernelInterface = '/sys/kernel/security/apparmor';
const loadedProfiles = '/sys/kernel/security/apparmor/profiles';
const abi3 = '/etc/apparmor.d/abi/3.0';

/** Properties of a host that decide about the text of a profile. */
export interface AppArmorHost {
  /**
   * True when the host has the feature ABI 3.0. With AppArmor 4.0 and without that ABI, `network` no longer includes
   * unix sockets.
   */
  readonly hasAbi3: boolean;
}

/** A profile to load. */
export interface AppArmorProfile {
  readonly name: string;
  /** Text for apparmor_parser(8). */
  text(host: AppArmorHost): string;
}

/** AppArmor of a host. */
export interface AppArmor {
  /** True when the kernel confines programs by AppArmor, and this process may load profiles. */
  isEnabled(): Promise<boolean>;
  /** As `requireAppArmorProfile`. */
  requireProfile(choice: string): Promise<void>;
  /**
   * Load a profile, once per process.
   * @returns its name; undefined when the host lacks apparmor_parser
   * @throws {OutboardError} system when the kernel or the parser rejects it
   */
  load(profile: AppArmorProfile): Promise<string | undefined>;
}

/** Open AppArmor. @param directory for the texts of profiles */
export function createAppArmor(directory: string): AppArmor {
  const loaded = new Map<string, Promise<string | undefined>>();
  return {
    isEnabled,
    requireProfile: requireAppArmorProfile,
    load(profile) {
      const { name } = profile;
      const known = loaded.get(name);
      if (known !== undefined) return known;
      const loading = loadProfile(profile, directory);
      loaded.set(name, loading);
      // Retried at the next start: the parser may have been installed, or the fault may be gone.
      const forget = () => loaded.delete(name);
      loading.then((result) => result ?? forget(), forget);
      return loading;
    },
  };
}

/**
 * Require that a container can be confined by a profile of the operator's choice.
 * @param choice name of a profile, or `unconfined`
 * @throws {OutboardError} invalid when no such profile is loaded, or AppArmor is not enabled
 */
export async function requireAppArmorProfile(choice: string): Promise<void> {
  if (choice === 'unconfined') return;
  if (!(await isEnabled())) {
    throw new OutboardError('invalid', `AppArmor profile "${choice}": AppArmor is not enabled on this host`);
  }
  if (isInProfileList(await readFile(loadedProfiles, 'utf8'), choice)) return;
  const message = `AppArmor profile "${choice}" is not loaded on this host: want one of ${loadedProfiles}`;
  throw new OutboardError('invalid', message);
}

/** Search the list of loaded profiles. @param list lines such as `docker-default (enforce)` */
export function isInProfileList(list: string, name: string): boolean {
  return list.split('\n').some((line) => line.replace(/ \([a-z]+\)$/, '') === name);
}

/** Same rule as Docker: not inside another container, whose kernel belongs to the host. */
async function isEnabled(): Promise<boolean> {
  if (process.env.container !== undefined && process.env.container !== '') return false;
  if (!existsSync(kernelInterface)) return false;
  try {
    return (await readFile(enabledParameter, 'utf8')).startsWith('Y');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function loadProfile(profile: AppArmorProfile, directory: string): Promise<string | undefined> {
  const parser = await findParser();
  if (parser === undefined) return undefined;
  const { name } = profile;
  await makeDirectories(directory, { mode: 0o700 });
  const path = join(directory, name);
  await writeFile(path, profile.text({ hasAbi3: existsSync(abi3) }), { mode: 0o600 });
  // Replaced, not removed first, so that containers under an older text stay confined.
  const { code, stderr } = await runProgram(parser, ['--skip-cache', '--replace', path], {
    timeoutMs: loadTimeoutMs,
  });
  if (code === 0) return name;
  throw new OutboardError(
    'system',
    `cannot load AppArmor profile "${name}": ${stderr.trim() || `exit code ${code}`}`,
  );
}

async function findParser(): Promise<string | undefined> {
  try {
    return await findBinary('apparmor_parser');
  } catch (error) {
    if (isOutboardError(error, 'system') && error.code === 'program-missing') return undefined;
    throw error;
  }
}
