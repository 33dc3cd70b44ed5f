/**
 * IDs of containers.
 */

/** True for 64 hexadecimal digits. */
export function isContainerId(name: string): boolean {
  return /^[a-f0-9]{64}$/.test(name);
}
