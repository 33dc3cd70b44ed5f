/**
 * Limits of installations and of transfers from and to registries.
 */
import { type OpenUnpackJail, openUnpackJail, type UnpackJail } from '@outboard/container';
import { isOutboardError, OutboardError } from '@outboard/oci';

/** Limits that a program sets. */
export interface TransferLimitOptions {
  /** Layers of one plugin that are downloaded at once; default 3, as in Docker. */
  readonly maxConcurrentDownloads?: number | undefined;
  /** Blobs of one plugin that are uploaded at once; default 5, as in Docker. */
  readonly maxConcurrentUploads?: number | undefined;
  /** Bytes that the layers of a plugin may unpack to; as received they may have a tenth more. Default 10 GiB. */
  readonly maxPluginBytes?: number | undefined;
  /** Bytes of the file system that installations leave free; default 512 MiB, or 5 % of a small file system. */
  readonly freeSpaceReserve?: number | undefined;
  /** Seconds for which an interrupted download can be continued; default a day. */
  readonly downloadRetentionSeconds?: number | undefined;
}

/** Limits in force. */
export interface TransferLimits {
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
  readonly maxPluginBytes: number;
  /** Bytes that the layers may have as they are received. */
  readonly maxLayerBytes: number;
}

/** Complete limits with the defaults. */
export function transferLimits(options: TransferLimitOptions = {}): TransferLimits {
  const { maxConcurrentDownloads = 3, maxConcurrentUploads = 5, maxPluginBytes = 10 * 1024 ** 3 } = options;
  const maxLayerBytes = Math.ceil(maxPluginBytes * 1.1);
  return { maxConcurrentDownloads, maxConcurrentUploads, maxPluginBytes, maxLayerBytes };
}

/** Open jails under limits, whose errors name the setting. */
export function openLimitedJail(options: TransferLimitOptions = {}): OpenUnpackJail {
  const { maxPluginBytes, maxLayerBytes } = transferLimits(options);
  return (directory, jailOptions = {}) =>
    namingSetting(
      openUnpackJail(directory, {
        ...jailOptions,
        limits: {
          maxBytes: maxPluginBytes,
          maxCompressedBytes: maxLayerBytes,
          freeSpaceReserve: options.freeSpaceReserve,
          ...jailOptions.limits,
        },
      }),
    );
}

function namingSetting(jail: UnpackJail): UnpackJail {
  return {
    apply: (layer, options) => jail.apply(layer, options).catch(nameSetting),
    archive: (options) => jail.archive(options),
    finish: () => jail.finish(),
    [Symbol.asyncDispose]: () => jail[Symbol.asyncDispose](),
  };
}

function nameSetting(error: unknown): never {
  if (!isOutboardError(error) || error.code !== 'too-many-bytes') throw error;
  const { kind, message, code } = error;
  throw new OutboardError(kind, `${message} (max-plugin-size)`, { cause: error, code });
}
