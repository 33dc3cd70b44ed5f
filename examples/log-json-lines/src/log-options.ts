/**
 * Options of one container's log (`--log-opt`): pure rules.
 */

/** Checked options. */
export interface LogOptions {
  /** Size at which a file is put aside, in bytes; the file before it is deleted. */
  readonly maxBytes: number;
}

const units: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const defaultMaxBytes = 10 * 1024 ** 2;
/** Options that Docker Engine handles itself. */
const engineOptions = new Set(['mode', 'max-buffer-size']);

/** Parse options. @throws {Error} with the unknown or wrong one; the container does not start then */
export function parseLogOptions(options: ReadonlyMap<string, string>): LogOptions {
  let maxBytes = defaultMaxBytes;
  for (const [key, value] of options) {
    if (engineOptions.has(key) || key.startsWith('cache-')) continue;
    if (key !== 'max-size') throw new Error(`unknown log option "${key}": the only one is "max-size"`);
    const [, digits, unit = ''] = /^(\d{1,9})([kmg]?)$/.exec(value) ?? [];
    if (digits === undefined) throw new Error(`log option max-size "${value}": want a size such as "10m"`);
    maxBytes = Math.max(Number(digits) * (units[unit] ?? 1), 1);
  }
  return { maxBytes };
}
