/**
 * Names of volumes and IDs of mounts. Docker leaves the check of names to the driver, `bad/name` included. Here a name must
 * fit on a line of text, and together with the ID of a mount into a stored reference.
 */
import { randomBytes } from 'node:crypto';
import { OutboardError, showValue } from '@outboard/oci';
import { isHolder } from '../references/plugin-references.ts';

const maxNameLength = 190;
const maxIdLength = 64;

/** True for a valid volume name. */
export function isVolumeName(name: string): boolean {
  return isHolder(name) && name.length <= maxNameLength;
}

/** Refuse a name that no volume can have. @throws {OutboardError} invalid */
export function checkVolumeName(name: string): void {
  if (isVolumeName(name)) return;
  const want = `want 1 to ${maxNameLength} printable characters, no space around them`;
  throw new OutboardError('invalid', `invalid volume name ${showValue(name)}: ${want}`);
}

/**
 * Check the name of a new volume. Clients put the name into the path of a request and normalize the path: a name that changes by
 * that could never be requested.
 * @throws {OutboardError} invalid
 */
export function checkNewVolumeName(name: string): void {
  checkVolumeName(name);
  if (!name.split('/').some((part) => part === '' || part === '.' || part === '..')) return;
  const want = 'want no "/" at its ends, nor two in a row, and no part "." or ".."';
  throw new OutboardError('invalid', `invalid volume name ${showValue(name)}: ${want}`);
}

/** Refuse an ID that no mount can have. @throws {OutboardError} invalid */
export function checkMountId(id: string): void {
  if (isHolder(id) && id.length <= maxIdLength && !id.includes('/')) return;
  const want = `want 1 to ${maxIdLength} printable characters without "/"`;
  throw new OutboardError('invalid', `invalid mount ID ${showValue(id)}: ${want}`);
}

const maxGivenIdLength = 1024;

/** Refuse an ID of a consumer that names its driver: any text is an ID there. @throws {OutboardError} invalid */
export function checkGivenMountId(id: string): void {
  if (id.length <= maxGivenIdLength) return;
  const want = `want at most ${maxGivenIdLength} characters`;
  throw new OutboardError('invalid', `invalid mount ID ${showValue(id)}: ${want}`);
}

/** An ID as a part of a holder's name: at most 64 printable characters. */
export function showMountId(id: string): string {
  return id.slice(0, maxIdLength).replace(/\p{C}|\s/gu, '?') || '?';
}

/** A name for an anonymous volume: 64 hexadecimal digits. */
export function randomVolumeName(): string {
  return randomBytes(32).toString('hex');
}
