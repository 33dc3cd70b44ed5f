/**
 * The options of a volume: pure rules, without I/O.
 */

/** Checked options of one volume. */
export interface VolumeOptions {
  /** Permission bits of the volume's directory. */
  readonly mode: number;
}

/** Docker's own rule for names of volumes; it also keeps `.`, `..` and `/` out of paths. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Longest file name in Linux file systems, in bytes. */
const maxNameBytes = 255;
const defaultMode = 0o755;

/** True for a valid name of a volume. */
export function isVolumeName(name: string): boolean {
  return namePattern.test(name) && name.length <= maxNameBytes;
}

/** Check the name of a volume. @throws {Error} if it is not valid */
export function checkVolumeName(name: string): void {
  if (!isVolumeName(name)) {
    throw new Error(
      `cannot name a volume ${JSON.stringify(name)}: a name is a letter or digit, then letters, digits, "_", "." and "-", up to ${maxNameBytes}`,
    );
  }
}

/** Parse the options of a volume. @throws {Error} with the unknown or wrong option */
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
