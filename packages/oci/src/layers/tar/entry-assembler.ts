/**
 * Turns header blocks into entries: collects the extensions (PAX, GNU long names) that precede an entry and applies them
 * to that entry only. Archives that known readers understand differently are refused.
 */
import {
  type HeaderFields,
  headerDevice,
  headerFields,
  headerLinkName,
  headerSize,
  headerTypeflag,
} from './header-block.ts';
import { malformed, quoteBytes } from './numeric-field.ts';
import {
  type PaxAttributes,
  parseGlobalAttributes,
  parsePaxAttributes,
  sparseRefused,
} from './pax-records.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';
import type { TarLimits } from './tar-limits.ts';

/** A header followed by `size` bytes that describe the next entry; pass them to `addExtension`. */
export interface ExtensionHeader {
  readonly type: 'extension';
  readonly size: number;
}

const paxGlobal = 0x67; // g
const paxNext = 0x78; // x
const gnuLongName = 0x4c; // L
const gnuLongLink = 0x4b; // K
const gnuSparse = 0x53; // S

const slash = 0x2f;
const empty = Buffer.alloc(0);
const noXattrs: ReadonlyMap<string, Buffer> = new Map();
const noDevice = { major: 0, minor: 0 };

/** Entry types by type flag. `7` (contiguous file) is a regular file to all readers of layers. */
const entryTypes = new Map<number, TarEntryType>([
  [0x00, 'file'],
  [0x30, 'file'],
  [0x31, 'hard-link'],
  [0x32, 'symlink'],
  [0x33, 'character-device'],
  [0x34, 'block-device'],
  [0x35, 'directory'],
  [0x36, 'fifo'],
  [0x37, 'file'],
]);

/** Turns the header blocks of one archive into entries. */
export class EntryAssembler {
  readonly #limits: TarLimits;
  #extensionType = 0;
  #extensionCount = 0;
  #pax: PaxAttributes | undefined;
  #global: PaxAttributes | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  /** True while extensions were read and their entry was not. */
  get hasPending(): boolean {
    return this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  /**
   * Read a header block with a valid checksum.
   * @throws {OutboardError} invalid when malformed, ambiguous, or of a type that layers do not contain
   */
  readHeader(bytes: Buffer, start: number): TarEntry | ExtensionHeader {
    const typeflag = headerTypeflag(bytes, start);
    const type = entryTypes.get(typeflag);
    if (type === undefined) return this.#extensionHeader(typeflag, headerSize(bytes, start));
    const entry = this.#entry(type, bytes, start);
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#extensionCount = 0;
    return entry;
  }

  /**
   * Read the bytes after an extension header; they are copied. The last of several extensions of one kind replaces the
   * others, as in Docker's reader.
   * @see Go archive/tar reader.go, Reader.next
   * @throws {OutboardError} invalid
   */
  addExtension(bytes: Buffer): void {
    switch (this.#extensionType) {
      case paxGlobal:
        this.#global = mergeGlobal(this.#global, parseGlobalAttributes(bytes, this.#limits));
        break;
      case paxNext:
        this.#pax = parsePaxAttributes(bytes, this.#limits);
        break;
      case gnuLongName:
        this.#longName = gnuLongText(bytes);
        break;
      default:
        this.#longLink = gnuLongText(bytes);
    }
  }

  #extensionHeader(typeflag: number, size: number): ExtensionHeader {
    const isExtension =
      typeflag === paxNext || typeflag === paxGlobal || typeflag === gnuLongName || typeflag === gnuLongLink;
    if (typeflag === gnuSparse) throw sparseRefused();
    if (!isExtension) {
      throw malformed(
        `type flag ${quoteBytes(Uint8Array.of(typeflag))} is not a file, link, device, directory or fifo`,
      );
    }
    if (size > this.#limits.maxExtensionBytes) {
      throw malformed(
        `an extension header has ${size} bytes, the limit is ${this.#limits.maxExtensionBytes}`,
      );
    }
    this.#extensionCount++;
    if (this.#extensionCount > this.#limits.maxExtensions) {
      throw malformed(`more than ${this.#limits.maxExtensions} extension headers precede one entry`);
    }
    this.#extensionType = typeflag;
    return { type: 'extension', size };
  }

  #entry(flagged: TarEntryType, bytes: Buffer, start: number): TarEntry {
    const fields = headerFields(bytes, start);
    const name = this.#checkName('name', choose('path', this.#pax?.path, this.#longName) ?? fields.name);
    // A trailing slash marks a directory in v7 archives; GNU and BSD tar still read it so.
    const type = flagged === 'file' && name[name.length - 1] === slash ? 'directory' : flagged;
    const isLink = type === 'hard-link' || type === 'symlink';
    const isDevice = type === 'character-device' || type === 'block-device';
    const device = isDevice ? headerDevice(bytes, start) : noDevice;
    return {
      type,
      name,
      linkName: isLink ? this.#linkName(bytes, start) : empty,
      mode: fields.mode,
      uid: this.#pax?.uid ?? this.#global?.uid ?? fields.uid,
      gid: this.#pax?.gid ?? this.#global?.gid ?? fields.gid,
      size: contentSize({ type, flagged, name }, headerSize(bytes, start), this.#pax?.size),
      modifiedAt: this.#modifiedAt(fields),
      deviceMajor: device.major,
      deviceMinor: device.minor,
      xattrs: this.#pax?.xattrs ?? noXattrs,
    };
  }

  #modifiedAt(fields: HeaderFields): number {
    return this.#pax?.modifiedAt ?? this.#global?.modifiedAt ?? fields.modifiedAt;
  }

  #linkName(bytes: Buffer, start: number): Buffer {
    const linkName = choose('linkpath', this.#pax?.linkPath, this.#longLink) ?? headerLinkName(bytes, start);
    if (linkName.length === 0) throw malformed('a link has no target');
    return this.#checkName('link target', linkName);
  }

  #checkName(what: string, name: Buffer): Buffer {
    if (name.length <= this.#limits.maxNameBytes) return name;
    throw malformed(
      `${what} ${quoteBytes(name)} has ${name.length} bytes, the limit is ${this.#limits.maxNameBytes}`,
    );
  }
}

/** GNU tar prefers PAX to its own long names, Go the reverse: an entry with both is refused. */
function choose(keyword: string, pax: Buffer | undefined, gnu: Buffer | undefined): Buffer | undefined {
  if (pax !== undefined && gnu !== undefined) {
    throw malformed(`one entry has both a pax ${keyword} and a GNU long name`);
  }
  return pax ?? gnu;
}

/**
 * Size of the content that follows. The PAX size has priority over the header's, and thereby decides where the next header
 * is (CVE-2025-62518). Entries other than files have no content whatever their size field says, as in Docker's reader (Go
 * archive/tar reader.go, handleRegularFile). Readers differ on a file with a trailing slash: there a size is refused.
 */
function contentSize(
  { type, flagged, name }: { type: TarEntryType; flagged: TarEntryType; name: Buffer },
  headerSize: number,
  paxSize: number | undefined,
): number {
  const size = paxSize ?? headerSize;
  if (type === 'file') return size;
  if (flagged !== 'file' || size === 0) return 0;
  throw malformed(`${type} ${quoteBytes(name)} has a size of ${size}, want 0`);
}

/** @returns undefined for an empty text, which changes nothing */
function gnuLongText(bytes: Buffer): Buffer | undefined {
  const end = bytes.indexOf(0);
  const length = end === -1 ? bytes.length : end;
  for (let at = length; at < bytes.length; at++) {
    if (bytes[at] !== 0) throw malformed('a GNU long name holds a NUL');
  }
  return length === 0 ? undefined : Buffer.from(bytes.subarray(0, length));
}

function mergeGlobal(earlier: PaxAttributes | undefined, later: PaxAttributes): PaxAttributes {
  return {
    ...later,
    uid: later.uid ?? earlier?.uid,
    gid: later.gid ?? earlier?.gid,
    modifiedAt: later.modifiedAt ?? earlier?.modifiedAt,
  };
}
