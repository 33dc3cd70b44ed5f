/**
 * Sizes for people, in Docker's form.
 */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/**
 * Four significant digits and a decimal unit: `400.1MB`.
 * @see docker/go-units size.go, HumanSize
 */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}
