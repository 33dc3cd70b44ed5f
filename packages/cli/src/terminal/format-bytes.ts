/**
 * Human-readable sizes in Docker's form.
 */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * A size with a decimal unit, such as `400.1MB`.
 * @param digits number of significant digits
 * @see docker/go-units size.go, HumanSizeWithPrecision
 */
export function formatBytes(bytes: number, digits = 4): string {
  return format(bytes, 1000, units, digits);
}

/**
 * A size with four significant digits and a binary unit, as for memory: `400.1MiB`.
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
