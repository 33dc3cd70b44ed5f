/**
 * The names of containers.
 */

/** Whether a name below the bundles of an exec root is a container's ID: 64 hexadecimal digits. */
export function isContainerId(name: string): boolean {
  return /^[a-f0-9]{64}$/.test(name);
}
