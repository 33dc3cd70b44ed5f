/**
 * Names of volumes and IDs of mounts. Docker leaves a volume's name to its driver, `bad/name` included; here it must
 * be one that can be shown in a line of text, and stand with the ID of a mount in the record of a use.
 */
import { randomBytes } from 'node:crypto';
import { OutboardError, showValue } from '@outboard/oci';
import { isHolder } from '../references/plugin-references.ts';

const maxNameLength = 190;
const maxIdLength = 64;

/** Whether a volume may have this name. */
export function isVolumeName(name: string): boolean {
  return isHolder(name) && name.length <= maxNameLength;
}

/** @throws {OutboardError} invalid */
export function checkVolumeName(name: string): void {
  if (isVolumeName(name)) return;
  const want = `want 1 to ${maxNameLength} printable characters, no space around them`;
  throw new OutboardError('invalid', `invalid volume name ${showValue(name)}: ${want}`);
}

/**
 * The same for a volume that is to be made. Clients write the name in the path of a request, and take away what seems
 * superfluous in a path: a name that changes by that could be asked for by none of them.
 * @throws {OutboardError} invalid
 */
export function checkNewVolumeName(name: string): void {
  checkVolumeName(name);
  if (!name.split('/').some((part) => part === '' || part === '.' || part === '..')) return;
  const want = 'want no "/" at its ends, nor two in a row, and no part "." or ".."';
  throw new OutboardError('invalid', `invalid volume name ${showValue(name)}: ${want}`);
}

/** @throws {OutboardError} invalid */
export function checkMountId(id: string): void {
  if (isHolder(id) && id.length <= maxIdLength && !id.includes('/')) return;
  const want = `want 1 to ${maxIdLength} printable characters without "/"`;
  throw new OutboardError('invalid', `invalid mount ID ${showValue(id)}: ${want}`);
}

/** The name of a volume that its creator did not name: 64 hexadecimal digits. */
export function randomVolumeName(): string {
  return randomBytes(32).toString('hex');
}
