/**
 * Bounds of the tar reader.
 */

/** Bounds on the metadata of an entry; the handler bounds its content. */
export interface TarLimits {
  /** Bytes of one PAX header or GNU long name; default 1 MiB. */
  readonly maxExtensionBytes: number;
  /** Extension headers before one entry; default 16. */
  readonly maxExtensions: number;
  /** Records in one PAX header; default 4,096. */
  readonly maxPaxRecords: number;
  /** Bytes of a name or link target; default 4,096, the maximum of Linux paths. */
  readonly maxNameBytes: number;
  /** Bytes of one extended attribute's value; default 64 KiB, the kernel's limit. */
  readonly maxXattrBytes: number;
}

/** Far above the values in legitimate archives, and cheap to process. */
export const defaultTarLimits: TarLimits = {
  maxExtensionBytes: 1024 * 1024,
  maxExtensions: 16,
  maxPaxRecords: 4096,
  maxNameBytes: 4096,
  maxXattrBytes: 64 * 1024,
};
