/**
 * What pull and upgrade share: find a plugin in a registry, compare its privileges, and unpack it.
 */

import type { UnpackJail } from '@outboard/container';
import {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  isOutboardError,
  type Lease,
  OutboardError,
  type Reference,
} from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { downloadLayers } from '../distribution/download-layers.ts';
import {
  fetchPluginImage,
  type PluginImage,
  parseRemote,
  resolvePlugin,
} from '../distribution/plugin-image.ts';
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { PullRequest } from '../plugin-engine-contract.ts';
import type { ReportProgress } from '../progress.ts';
import { requireConsent } from './consent.ts';
import type { EngineContext } from './engine-context.ts';
import type { LayerSize } from './explain-full-disk.ts';

/** A plugin that is unpacked and flushed, and whose blobs are in the store, but that no record names yet. */
export interface DownloadedPlugin {
  /** What its record will say of it. */
  readonly installed: Pick<
    PluginRecord,
    | 'pluginReference'
    | 'config'
    | 'configDigest'
    | 'manifestDigest'
    | 'manifestMediaType'
    | 'blobDigests'
    | 'privileges'
  >;
  /** The remote in familiar form, as events tell it. */
  readonly familiarRemote: string;
  readonly warnings: readonly string[];
}

/**
 * Download a plugin into a jail. The privileges are compared with the config that is installed, before a layer moves.
 * @throws {OutboardError} forbidden when the privileges differ; invalid for bad references, configs and content; the
 *   registry's errors; the signal's reason
 */
export async function downloadPlugin(
  context: Pick<EngineContext, 'registry' | 'content' | 'downloads'>,
  request: Omit<PullRequest, 'name'>,
  to: {
    readonly jail: UnpackJail;
    readonly lease: Lease;
    readonly meter: OperationMeter;
    /** Told how large the plugin is. */
    readonly size: Pick<LayerSize, 'know'>;
  },
): Promise<DownloadedPlugin> {
  const { signal, onProgress = ignoreProgress } = request;
  const reference = parseRemote(request.remote);
  const found = await resolvePlugin(context.registry, reference, request);
  announceImage(reference, found.resolved.descriptor.digest, onProgress);
  const image = await fetchPluginImage(reference, found, signal).catch(inWordsOfPull);
  const privileges = requireConsent(image.config, request.privileges);
  to.size.know(image.manifest.layers);
  const jail = to.meter.measure(to.jail);
  const destination = { content: context.content, downloads: context.downloads, ...to, jail };
  const warnings = await downloadLayers(image, destination, {
    onProgress,
    ...(signal === undefined ? {} : { signal }),
  });
  await jail.finish();
  signal?.throwIfAborted();
  return {
    installed: { ...installedFrom(image), privileges },
    familiarRemote: familiarString(reference),
    warnings: [...image.warnings, ...warnings],
  };
}

/** Docker tells of what is no plugin in other words here than when it is asked for privileges. */
function inWordsOfPull(error: unknown): never {
  if (!isOutboardError(error) || error.code !== 'not-a-plugin') throw error;
  const message = `fetched plugin image but plugin config is missing: ${error.message}`;
  throw new OutboardError(error.kind, message, { cause: error, code: error.code });
}

function installedFrom(image: PluginImage) {
  return {
    pluginReference: pluginReference(image.reference),
    config: image.config,
    configDigest: image.manifest.config.digest,
    manifestDigest: image.resolved.descriptor.digest,
    manifestMediaType: image.resolved.descriptor.mediaType,
    blobDigests: image.manifest.layers.map((layer) => layer.digest),
  };
}

/** The first lines of a pull or upgrade, as Docker prints them. */
function announceImage(reference: Reference, digest: string, onProgress: ReportProgress): void {
  const id =
    reference.digest === undefined ? reference.tag : `${familiarName(reference)}@${reference.digest}`;
  onProgress({ status: `Pulling from ${familiarName(reference)}`, ...(id === undefined ? {} : { id }) });
  onProgress({ status: `Digest: ${digest}` });
}

/** Oddities of a plugin are worth a line in the log, never a failure. */
export function reportWarnings(
  context: Pick<EngineContext, 'logger'>,
  record: PluginRecord,
  warnings: readonly string[],
): void {
  if (warnings.length > 0)
    context.logger.warn({ plugin: record.name, warnings }, 'plugin stored with warnings');
}

/** For callers that do not watch. */
export function ignoreProgress(): void {}

/** Docker keeps a digest without the tag that came with it. */
function pluginReference(reference: Reference): string {
  return reference.digest === undefined
    ? canonicalString(reference)
    : `${canonicalName(reference)}@${reference.digest}`;
}
