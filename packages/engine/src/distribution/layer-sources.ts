/**
 * Fetches the layers of a plugin ahead of their unpacking: a few at a time, in manifest order, while an earlier one is being
 * unpacked. A layer that the store has is not fetched.
 */
import { createLimiter, type Limiter, rejectOnAbort, withResolvers } from '@outboard/async';
import {
  type ContentStore,
  canonicalName,
  type Descriptor,
  type Digest,
  OutboardError,
  shortDigest,
} from '@outboard/oci';
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { ReportProgress } from '../observe/progress.ts';
import type { BlobDownload } from './blob-download.ts';
import type { BlobDownloads } from './blob-downloads.ts';
import type { PluginImage } from './plugin-image.ts';

/** The compressed bytes of one layer. */
export interface LayerSource {
  /** Read them from the start; again for a layer that is listed twice. */
  read(): Promise<AsyncIterable<Buffer>>;
  /** True if all of them are there. */
  readonly isStored: boolean;
  /** See `BlobDownload`. */
  readonly isUnproven: boolean;
  /**
   * Await that the blob is stored, and with it that its content was right.
   * @throws {OutboardError} as `BlobDownload.stored`
   */
  settle(): Promise<void>;
}

/** The layers of one plugin. Disposing ends what is still being fetched. */
export interface LayerSources extends AsyncDisposable {
  /** Await the source of a layer: it can be read then, though not all of it may be there. */
  get(layer: Descriptor): Promise<LayerSource>;
}

/** Parts of the fetch. */
export interface LayerSourcesDeps {
  readonly image: PluginImage;
  readonly content: ContentStore;
  readonly downloads: BlobDownloads;
  /** Layers that are fetched at once. */
  readonly maxDownloads: number;
  readonly meter: Pick<OperationMeter, 'received'>;
  readonly onProgress: ReportProgress;
  /** Aborted to end everything, with the reason. */
  readonly scope: AbortController;
}

/** Begin to fetch the layers. The failure of one aborts the scope with its error. */
export function openLayerSources(deps: LayerSourcesDeps): LayerSources {
  const { image, scope } = deps;
  const limiter = createLimiter(deps.maxDownloads);
  const fetches = new Map<Digest, LayerFetch>();
  for (const layer of image.manifest.layers) {
    if (!fetches.has(layer.digest)) fetches.set(layer.digest, startFetch(deps, layer, limiter));
  }
  return {
    async get({ digest }) {
      const fetch = fetches.get(digest);
      if (fetch === undefined) throw new OutboardError('system', `${digest} is not fetched`);
      return await fetch.source;
    },
    async [Symbol.asyncDispose]() {
      scope.abort(new OutboardError('unavailable', 'the download has ended'));
      await Promise.all([...fetches.values()].map((fetch) => fetch.end()));
    },
  };
}

interface LayerFetch {
  readonly source: Promise<LayerSource>;
  /** Leave the download, and await the end of the fetch. */
  readonly end: () => Promise<void>;
}

function startFetch(deps: LayerSourcesDeps, layer: Descriptor, limiter: Limiter): LayerFetch {
  const { scope } = deps;
  const opened = withResolvers<LayerSource>();
  opened.promise.catch(() => undefined); // the scope has the error as well
  let download: BlobDownload | undefined;
  const fetch = async (): Promise<void> => {
    const stored = await findStored(deps, layer);
    if (stored !== undefined) return opened.resolve(stored);
    scope.signal.throwIfAborted();
    download = startDownload(deps, layer);
    const source = downloadedLayer(download, scope.signal);
    opened.resolve(source);
    await source.settle();
    deps.onProgress({ status: 'Download complete', id: shortDigest(layer.digest) });
  };
  const work = limiter.run(fetch, { signal: scope.signal }).catch((error: unknown) => {
    opened.reject(error);
    scope.abort(error);
  });
  return {
    source: opened.promise,
    async end() {
      await download?.[Symbol.asyncDispose]();
      await work;
    },
  };
}

/** A stored layer, verified: what is unpacked cannot be undone. */
async function findStored(
  { content, onProgress, scope: { signal } }: LayerSourcesDeps,
  { digest, size }: Descriptor,
): Promise<LayerSource | undefined> {
  const stored = await content.verify(digest, { signal });
  // The download refuses a blob of another size.
  if (!stored.exists || stored.size !== size) return undefined;
  onProgress({ status: 'Already exists', id: shortDigest(digest) });
  return {
    read: () => content.open(digest, { signal }),
    isStored: true,
    isUnproven: false,
    settle: () => Promise.resolve(),
  };
}

function startDownload(deps: LayerSourcesDeps, layer: Descriptor): BlobDownload {
  const { image, downloads, meter, onProgress } = deps;
  const id = shortDigest(layer.digest);
  onProgress({ status: 'Pulling fs layer', id });
  const download = downloads.join({
    blob: layer,
    from: image.repository,
    source: canonicalName(image.reference),
    onReceived: meter.received,
  });
  download.onProgress((current) => onProgress({ status: 'Downloading', id, current, total: layer.size }));
  return download;
}

function downloadedLayer(download: BlobDownload, signal: AbortSignal): LayerSource {
  return {
    read: async () => download.read(signal),
    get isStored() {
      return download.isStored;
    },
    get isUnproven() {
      return download.isUnproven;
    },
    // The download may go on for another operation.
    settle: () => rejectOnAbort(download.stored, signal),
  };
}
