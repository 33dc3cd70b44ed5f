/**
 * AppArmor on this host: whether it is there, and loading the profiles of plugins into the kernel.
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

/** What decides about the text of a profile on a host. */
export interface AppArmorHost {
  /**
   * Whether the host knows the feature set 3.0 by name. From 4.0 on, without it, `network` would no longer include
   * unix sockets.
   */
  readonly hasAbi3: boolean;
}

/** A profile to load. */
export interface AppArmorProfile {
  readonly name: string;
  /** Its text, as apparmor_parser(8) reads it. */
  text(host: AppArmorHost): string;
}

/** The AppArmor of a host. */
export interface AppArmor {
  /** Whether the kernel confines programs by AppArmor, and this process may load profiles. */
  isEnabled(): Promise<boolean>;
  /** As `requireAppArmorProfile`. */
  requireProfile(choice: string): Promise<void>;
  /**
   * Load a profile, unless this process has done so.
   * @returns its name; undefined when the host lacks apparmor_parser
   * @throws {OutboardError} system when the kernel or the parser refuses it
   */
  load(profile: AppArmorProfile): Promise<string | undefined>;
}

/** @param directory where texts of profiles are written for the parser */
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
      // Tried anew at the next start: a parser may have been installed, a fault may have passed.
      const forget = () => loaded.delete(name);
      loading.then((result) => result ?? forget(), forget);
      return loading;
    },
  };
}

/**
 * Require that a plugin can be confined by a profile of the operator's choice.
 * @param choice name of a profile, or `unconfined`
 * @throws {OutboardError} invalid: no such profile is loaded, or AppArmor is not enabled
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

/** @param list a profile a line, such as `docker-default (enforce)` */
export function isInProfileList(list: string, name: string): boolean {
  return list.split('\n').some((line) => line.replace(/ \([a-z]+\)$/, '') === name);
}

/** As Docker decides it: not in a container of another, whose kernel it is not. */
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
  // Replacing it keeps a plugin that runs under an older text of it confined.
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
