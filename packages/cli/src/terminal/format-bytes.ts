/**
 * Sizes for people, in Docker's form.
 */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * A decimal unit: `400.1MB`.
 * @param digits significant ones
 * @see docker/go-units size.go, HumanSizeWithPrecision
 */
export function formatBytes(bytes: number, digits = 4): string {
  return format(bytes, 1000, units, digits);
}

/**
 * Four significant digits and a binary unit, as memory is told of: `400.1MiB`.
 * @see docker/go-units size.go, BytesSize
 */
export function formatBinaryBytes(bytes: number): string {
  return format(bytes, 1024, binaryUnits, 4);
}

function format(bytes: number, base: number, names: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < names.length - 1) {
    value /= base;
    unit += 1;
  }
  return `${Number(value.toPrecision(digits))}${names[unit]}`;
}
