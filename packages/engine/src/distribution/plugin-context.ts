/**
 * The build context of `plugin create`: an archive with `config.json` and `rootfs/` at its top, in any order. It is split
 * while it streams; entries below `rootfs/` are passed on without that prefix.
 */
import { cleanEntryName, OutboardError, type TarEntry, type TarHandler } from '@outboard/oci';
import { maxConfigBytes } from '../config/parse-plugin-config.ts';

const configName = Buffer.from('config.json');
const rootfsName = Buffer.from('rootfs');
const rootfsPrefix = Buffer.from('rootfs/');

/** Receives the entries of a context, and passes on those of the root filesystem. */
export interface ContextSplitter extends TarHandler {
  /**
   * Call once the context has ended.
   * @returns the bytes of `config.json`
   * @throws {OutboardError} invalid when config or root filesystem are missing
   */
  finish(): Buffer;
}

/**
 * Create a splitter.
 * @param rootfs receives each entry below `rootfs/`, with names relative to it
 * @throws {OutboardError} invalid, from the handlers: a config that is too large, repeated or not a file; a hard link
 *   to a target outside of the root filesystem
 */
export function createContextSplitter(rootfs: TarHandler): ContextSplitter {
  let config: Buffer[] | undefined;
  let hasRootfs = false;
  let destination: 'config' | 'rootfs' | 'nowhere' = 'nowhere';

  function onEntry(entry: TarEntry): void {
    const name = nameInContext(entry);
    destination = 'nowhere';
    if (name === undefined) return;
    if (name.equals(configName)) {
      requireConfigFile(entry, config !== undefined);
      config = [];
      destination = 'config';
    } else if (name.equals(rootfsName) || isUnderRootfs(name)) {
      hasRootfs = true;
      destination = 'rootfs';
      rootfs.onEntry({ ...entry, name: withoutRootfs(name), linkName: linkTarget(entry) });
    }
  }

  function onContent(chunk: Buffer): void {
    // The caller reuses the chunk after this call.
    if (destination === 'config') config?.push(Buffer.from(chunk));
    else if (destination === 'rootfs') rootfs.onContent(chunk);
  }

  function onEntryEnd(): void {
    if (destination === 'rootfs') rootfs.onEntryEnd();
  }

  function finish(): Buffer {
    if (!hasRootfs) {
      throw new OutboardError(
        'invalid',
        'no rootfs found: the context must hold a directory "rootfs" at its top',
      );
    }
    if (config === undefined) {
      throw new OutboardError(
        'invalid',
        'config not found: the context must hold a file "config.json" at its top',
      );
    }
    return Buffer.concat(config);
  }

  return { onEntry, onContent, onEntryEnd, finish };
}

/** The cleaned name; undefined for a path outside of the context, which is ignored as in Docker. */
function nameInContext(entry: TarEntry): Buffer | undefined {
  try {
    return cleanEntryName(entry.name, entry.type === 'directory');
  } catch (cause) {
    // Below rootfs/ such a name is an attack, and must be refused.
    if (entry.name.includes(rootfsPrefix)) throw cause;
    return undefined;
  }
}

function requireConfigFile(entry: TarEntry, isRepeated: boolean): void {
  if (entry.type !== 'file') {
    throw new OutboardError('invalid', `config.json is a ${entry.type} in the context, want a regular file`);
  }
  if (isRepeated)
    throw new OutboardError('invalid', 'config.json appears twice in the context, want it once');
  if (entry.size > maxConfigBytes) {
    throw new OutboardError(
      'invalid',
      `config.json has ${entry.size} bytes, more than the limit of ${maxConfigBytes}`,
    );
  }
}

function isUnderRootfs(name: Buffer): boolean {
  return name.subarray(0, rootfsPrefix.length).equals(rootfsPrefix);
}

function withoutRootfs(name: Buffer): Buffer {
  const rest = name.subarray(rootfsPrefix.length);
  return rest.length === 0 ? Buffer.from('./') : rest;
}

/** The target of a hard link is a path in the context; the target of a symlink is kept verbatim. */
function linkTarget(entry: TarEntry): Buffer {
  if (entry.type !== 'hard-link') return entry.linkName;
  const target = cleanEntryName(entry.linkName, false);
  if (!isUnderRootfs(target)) {
    throw new OutboardError(
      'invalid',
      `hard link ${JSON.stringify(entry.name.toString())} leads out of rootfs, to ${JSON.stringify(entry.linkName.toString())}`,
    );
  }
  return withoutRootfs(target);
}
