/**
 * The text form of security options: Docker's `--security-opt`, as far as it means something for a plugin.
 * @see docker run reference, "Security configuration"
 */

import { cleanAbsolutePath } from '@outboard/container';
import { hasHiddenCharacters, OutboardError, showValue } from '@outboard/oci';
import type { SecurityOptions } from './plugin-options.ts';

const maxPathBytes = 4095;
const wanted = '"seccomp=", "apparmor=" or "no-new-privileges"';

/**
 * Read security options. A later one replaces an earlier one of the same name, as Docker has it.
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
 * The choice of a seccomp profile.
 * @throws {OutboardError} invalid unless it is a word or an absolute path, which is the daemon's, not the client's
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
 * The choice of an AppArmor profile.
 * @throws {OutboardError} invalid unless it could be the name of one
 */
export function checkAppArmorChoice(value: string): string {
  // What AppArmor takes unquoted; the name is handed to the kernel as it is.
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
