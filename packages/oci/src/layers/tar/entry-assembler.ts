/**
 * From header blocks to entries: collects the extensions (PAX, GNU long names) that precede an entry
 * and applies them to it, and to nothing else. Where readers in the wild disagree about what an
 * archive holds, it is refused.
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

/** A header that is followed by `size` bytes about the next entry; hand them to `addExtension`. */
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

/** By type flag. `7` (contiguous) is a file to everyone who does not lay out disks. */
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

  /** Whether extensions were read for an entry that has not come yet. */
  get hasPending(): boolean {
    return this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  /**
   * Read a header block whose checksum is right.
   * @throws {OutboardError} invalid when malformed, ambiguous, or of a kind that layers do not hold
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
   * Take what followed an extension header. Nothing of `bytes` is kept. Of several of a kind the last counts, as in
   * Docker's reader: it replaces all that the one before it said.
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
    // A trailing slash made a directory in v7, and still does to GNU and BSD tar.
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

/** GNU tar lets PAX win over its own long names, Go the other way round: never let both speak. */
function choose(keyword: string, pax: Buffer | undefined, gnu: Buffer | undefined): Buffer | undefined {
  if (pax !== undefined && gnu !== undefined) {
    throw malformed(`one entry has both a pax ${keyword} and a GNU long name`);
  }
  return pax ?? gnu;
}

/**
 * How much content follows. PAX wins over the header for the content and thereby for where the next header lies
 * (CVE-2025-62518). What is no file has no content, whatever size is written there, as in Docker's reader (Go archive/tar
 * reader.go, handleRegularFile). Readers differ only on a file that its slash makes a directory: there a size is refused.
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

/** @returns undefined for an empty one, which says nothing */
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
