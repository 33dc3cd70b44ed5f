/**
 * Sizes, durations and numbers in Docker's spelling.
 * @see docker/go-units size.go, RAMInBytes and ulimit.go; Go time.ParseDuration
 */

const binaryExponents = 'kmgtp';

/** A size such as `512m`, of binary units: `k` is 1024 bytes. @returns undefined for any other text */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text);
  if (match === null) return undefined;
  const exponent = binaryExponents.indexOf((match[2] ?? '').toLowerCase() || ' ') + 1;
  const bytes = Math.floor(Number(match[1]) * 1024 ** exponent);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const secondsOf: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** A duration such as `1m30s`. @returns seconds; undefined for any other text */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    // The pattern accepts only units of the table.
    seconds += Number(amount) * (secondsOf[unit ?? ''] ?? 0);
  }
  return seconds;
}

/** A whole number, with or without a sign. @returns undefined for any other text */
export function parseWhole(text: string): number | undefined {
  const number = Number(text);
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

/** A number such as `1.5`. @returns undefined for any other text */
export function parseDecimal(text: string): number | undefined {
  return /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : undefined;
}
