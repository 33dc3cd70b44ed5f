/** Bounds on what describes an entry; its content is for the handler to bound. */
export interface TarLimits {
  /** Bytes of one PAX header or GNU long name; default 1 MiB. */
  readonly maxExtensionBytes: number;
  /** Extension headers before one entry; default 16. */
  readonly maxExtensions: number;
  /** Records in one PAX header; default 4,096. */
  readonly maxPaxRecords: number;
  /** Bytes of a name or link target; default 4,096, where Linux paths end. */
  readonly maxNameBytes: number;
  /** Bytes of one extended attribute's value; default 64 KiB, the kernel's limit. */
  readonly maxXattrBytes: number;
}

/** Far above what honest archives hold, far below what hurts. */
export const defaultTarLimits: TarLimits = {
  maxExtensionBytes: 1024 * 1024,
  maxExtensions: 16,
  maxPaxRecords: 4096,
  maxNameBytes: 4096,
  maxXattrBytes: 64 * 1024,
};
