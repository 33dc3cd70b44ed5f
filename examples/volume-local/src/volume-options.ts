/**
 * What an operator may ask for when creating a volume: pure rules, no disk.
 */

/** Checked options of one volume. */
export interface VolumeOptions {
  /** Permission bits of the volume's directory. */
  readonly mode: number;
}

/** Docker's own rule for names of volumes; it also keeps `.`, `..` and `/` out of paths. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Longest file name that Linux file systems take, in bytes. */
const maxNameBytes = 255;
const defaultMode = 0o755;

/** Whether the name may be a volume's. */
export function isVolumeName(name: string): boolean {
  return namePattern.test(name) && name.length <= maxNameBytes;
}

/** @throws {Error} if the name is no volume's */
export function checkVolumeName(name: string): void {
  if (!isVolumeName(name)) {
    throw new Error(
      `cannot name a volume ${JSON.stringify(name)}: a name is a letter or digit, then letters, digits, "_", "." and "-", up to ${maxNameBytes}`,
    );
  }
}

/** @throws {Error} naming the option that is unknown or wrong */
export function parseVolumeOptions(options: ReadonlyMap<string, string>): VolumeOptions {
  let mode = defaultMode;
  for (const [key, value] of options) {
    if (key !== 'mode') throw new Error(`unknown option "${key}": the only option is "mode"`);
    if (!/^0?[0-7]{3}$/.test(value) && !/^[01][0-7]{3}$/.test(value)) {
      throw new Error(`cannot use mode "${value}": give octal permission bits such as "750" or "1777"`);
    }
    mode = Number.parseInt(value, 8);
  }
  return { mode };
}
