/**
 * Download: find a plugin in a registry, compare its privileges, fetch and unpack its layers. Shared by pull and upgrade.
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
import type { PluginRecord, Privilege } from '../../config/plugin-config.ts';
import { initialSettings } from '../../config/settings.ts';
import { downloadLayers } from '../../distribution/download-layers.ts';
import { fetchPluginImage, type PluginImage } from '../../distribution/plugin-image.ts';
import { parseRemote, resolvePlugin } from '../../distribution/resolve-plugin.ts';
import { ignoreProgress, type ReportProgress } from '../../observe/progress.ts';
import { requireArchitecture } from '../../preflight/foreign-program.ts';
import type { InstalledParts } from '../content/installed-parts.ts';
import type { EngineContext } from '../engine-context.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from '../remote-options.ts';
import { requireConsent } from './consent.ts';
import type { LayerSize } from './explain-full-disk.ts';
import { requireTrust } from './require-trust.ts';

/** Request of a download. */
export interface DownloadRequest extends RemoteOptions {
  readonly remote: string;
  /** The granted privileges; compared as a whole before any layer is fetched. */
  readonly privileges: readonly Privilege[];
  readonly onProgress?: ReportProgress | undefined;
}

/** Where a download goes to. */
export interface DownloadDestination {
  readonly jail: UnpackJail;
  /** Path of the tree that the jail fills. */
  readonly rootfs: string;
  /** Keeps the blobs until a record refers to them. */
  readonly lease: Lease;
  /** Receives the size of the layers. */
  readonly size: Pick<LayerSize, 'know'>;
}

/** A plugin that is unpacked and flushed, and whose blobs are stored, but that has no record yet. */
export interface DownloadedPlugin {
  readonly installed: InstalledParts;
  /** The remote in familiar form, for events. */
  readonly familiarRemote: string;
  readonly warnings: readonly string[];
}

/**
 * Download a plugin into a jail. The privileges are compared with the config that is installed, before any layer is
 * fetched.
 * @throws {OutboardError} forbidden when the privileges differ, or the signature policy refuses it; invalid for bad references,
 *   configs and content; the registry's errors; the signal's reason
 */
export async function downloadPlugin(
  context: Pick<
    OperationCall,
    'registry' | 'archives' | 'policy' | 'content' | 'downloads' | 'limits' | 'meter'
  >,
  request: DownloadRequest,
  destination: DownloadDestination,
): Promise<DownloadedPlugin> {
  const { signal, onProgress = ignoreProgress } = request;
  const { content, downloads, limits, meter } = context;
  const reference = parseRemote(request.remote);
  const found = await resolvePlugin(context, reference, request);
  announceImage(reference, found.resolved.descriptor.digest, onProgress);
  const verification = await requireTrust(context, reference, { ...found, archive: request.archive, signal });
  const image = await fetchPluginImage(reference, found, signal).catch(inWordsOfPull);
  const privileges = requireConsent(image.config, request.privileges);
  destination.size.know(image.manifest.layers);
  const jail = meter.measure(destination.jail);
  const { lease } = destination;
  const warnings = await downloadLayers(
    image,
    { content, downloads, limits, meter, lease, jail },
    { onProgress, signal },
  );
  await jail.finish();
  const { config } = image;
  const unpacked = { rootfs: destination.rootfs, config, settings: initialSettings(config) };
  await requireArchitecture(unpacked, request.platform);
  signal?.throwIfAborted();
  return {
    installed: { ...installedFrom(image), privileges, ...(verification && { verification }) },
    familiarRemote: familiarString(reference),
    warnings: [...image.warnings, ...warnings],
  };
}

/** Docker's text for an artifact that is no plugin differs between a pull and a request for privileges. */
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
    ...(image.platform !== undefined && { platform: image.platform }),
    ...(image.index !== undefined && { indexDigest: image.index.digest }),
  };
}

/** The first lines of a pull or upgrade, as Docker prints them. */
function announceImage(reference: Reference, digest: string, onProgress: ReportProgress): void {
  const id =
    reference.digest === undefined ? reference.tag : `${familiarName(reference)}@${reference.digest}`;
  onProgress({ status: `Pulling from ${familiarName(reference)}`, id });
  onProgress({ status: `Digest: ${digest}` });
}

/** Log the warnings about a plugin that was stored. */
export function reportWarnings(
  context: Pick<EngineContext, 'logger'>,
  record: PluginRecord,
  warnings: readonly string[],
): void {
  if (warnings.length > 0)
    context.logger.warn({ plugin: record.name, warnings }, 'plugin stored with warnings');
}

/** Docker stores a digest without the tag that was given with it. */
function pluginReference(reference: Reference): string {
  return reference.digest === undefined
    ? canonicalString(reference)
    : `${canonicalName(reference)}@${reference.digest}`;
}
