/**
 * The text form of security options: those of Docker's `--security-opt` that apply to plugins.
 * @see docker run reference, "Security configuration"
 */

import { cleanAbsolutePath } from '@outboard/container';
import { hasHiddenCharacters, OutboardError, showValue } from '@outboard/oci';
import type { SecurityOptions } from './plugin-options.ts';

const maxPathBytes = 4095;
const wanted = '"seccomp=", "apparmor=" or "no-new-privileges"';

/**
 * Read security options. A later one replaces an earlier one of the same name, as in Docker.
 *
 * `seccomp=default|builtin|unconfined|PATH`, `apparmor=unconfined|PROFILE`, `no-new-privileges[=true|false]`; a `:`
 * may stand for the first `=`.
 * @throws {OutboardError} invalid, naming the option
 */
export function parseSecurityOptions(texts: readonly string[]): SecurityOptions {
  let options: SecurityOptions = {};
  for (const text of texts) options = { ...options, ...parseOption(text) };
  return options;
}

function parseOption(text: string): SecurityOptions {
  const separator = /[=:]/.exec(text)?.index ?? text.length;
  const name = text.slice(0, separator);
  const value = separator === text.length ? undefined : text.slice(separator + 1);
  switch (name) {
    case 'seccomp':
      return { seccomp: checkSeccompChoice(value ?? '') };
    case 'apparmor':
      return { apparmor: checkAppArmorChoice(value ?? '') };
    case 'no-new-privileges':
      return { noNewPrivileges: parseFlag(value, text) };
    default:
      throw new OutboardError('invalid', `invalid security option ${showValue(text)}: want ${wanted}`);
  }
}

/**
 * Check the choice of a seccomp profile.
 * @throws {OutboardError} invalid unless it is a keyword or an absolute path on the host of the daemon
 */
export function checkSeccompChoice(value: string): string {
  if (value === 'default' || value === 'builtin' || value === 'unconfined') return value;
  const path = hasHiddenCharacters(value) ? undefined : cleanAbsolutePath(value);
  if (path !== undefined && path !== '/' && Buffer.byteLength(path) <= maxPathBytes) return path;
  throw new OutboardError(
    'invalid',
    `invalid seccomp profile ${showValue(value)}: want "default", "builtin", "unconfined" or the absolute path of a ` +
      'profile on the host of the daemon',
  );
}

/**
 * Check the choice of an AppArmor profile.
 * @throws {OutboardError} invalid for text that cannot be the name of a profile
 */
export function checkAppArmorChoice(value: string): string {
  // Names that AppArmor takes unquoted: the kernel gets the name as it is.
  if (/^[\w./+:-]{1,255}$/.test(value)) return value;
  throw new OutboardError(
    'invalid',
    `invalid AppArmor profile ${showValue(value)}: want "unconfined" or the name of a profile that is loaded`,
  );
}

function parseFlag(value: string | undefined, text: string): boolean {
  if (value === undefined || value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new OutboardError('invalid', `invalid security option ${showValue(text)}: want "true" or "false"`);
}
