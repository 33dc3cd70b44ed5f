/**
 * The options of a volume: pure rules, without I/O.
 */

/** The place of a volume. */
export interface VolumeOptions {
  /** `USER@HOST:DIRECTORY`. */
  readonly sshcmd: string;
  readonly port: number;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const maxNameBytes = 255;
/** No part begins with a hyphen, which would be an option of ssh. */
const remotePattern = /^[a-zA-Z0-9_][\w.-]*@(?:[a-zA-Z0-9][\w.-]*|\[[\da-fA-F:.]+\]):[^\p{Cc}]*$/u;

/** True for a valid name of a volume. */
export function isVolumeName(name: string): boolean {
  return namePattern.test(name) && name.length <= maxNameBytes;
}

/** Check the name of a volume. @throws {Error} if it is not valid */
export function checkVolumeName(name: string): void {
  if (isVolumeName(name)) return;
  throw new Error(
    `cannot name a volume ${JSON.stringify(name)}: a name is a letter or digit, then letters, digits, "_", "." and "-", up to ${maxNameBytes}`,
  );
}

/** Parse the options of a volume. @throws {Error} with the unknown, wrong or missing option */
export function parseVolumeOptions(options: ReadonlyMap<string, string>): VolumeOptions {
  for (const key of options.keys()) {
    if (key !== 'sshcmd' && key !== 'port') {
      throw new Error(`unknown option "${key}": the options are "sshcmd" and "port"`);
    }
  }
  const sshcmd = options.get('sshcmd');
  if (sshcmd === undefined) throw new Error('option "sshcmd" is missing: give USER@HOST:DIRECTORY');
  if (!remotePattern.test(sshcmd)) throw new Error(`cannot use sshcmd "${sshcmd}": give USER@HOST:DIRECTORY`);
  return { sshcmd, port: parsePort(options.get('port') ?? '22') };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new Error(`cannot use port "${text}": give a number from 1 to 65535`);
}
