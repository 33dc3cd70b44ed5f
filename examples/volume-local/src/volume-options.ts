/**
 * What an operator may ask for when creating a volume: pure rules, no disk.
 */

/** Checked options of one volume. */
export interface VolumeOptions {
  /** Permission bits of the volume's folder. */
  readonly mode: number;
}

/** Docker's own rule for names of volumes; it also keeps `.`, `..` and `/` out of paths. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Longest file name that Linux file systems take, in bytes. */
const MAX_NAME_BYTES = 255;
const DEFAULT_MODE = 0o755;

/** Whether the name may be a volume's. */
export function isVolumeName(name: string): boolean {
  return NAME.test(name) && name.length <= MAX_NAME_BYTES;
}

/** @throws {Error} if the name is no volume's */
export function checkVolumeName(name: string): void {
  if (!isVolumeName(name)) {
    throw new Error(
      `cannot name a volume ${JSON.stringify(name)}: a name is a letter or digit, then letters, digits, "_", "." and "-", up to ${MAX_NAME_BYTES}`,
    );
  }
}

/** @throws {Error} naming the option that is unknown or wrong */
export function parseVolumeOptions(options: ReadonlyMap<string, string>): VolumeOptions {
  let mode = DEFAULT_MODE;
  for (const [key, value] of options) {
    if (key !== 'mode') throw new Error(`unknown option "${key}": the only option is "mode"`);
    if (!/^0?[0-7]{3}$/.test(value) && !/^[01][0-7]{3}$/.test(value)) {
      throw new Error(`cannot use mode "${value}": give octal permission bits such as "750" or "1777"`);
    }
    mode = Number.parseInt(value, 8);
  }
  return { mode };
}
