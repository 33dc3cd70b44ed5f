/**
 * Pull: fetch a plugin from a registry and install it, disabled.
 */
import { randomBytes } from 'node:crypto';
import {
  canonicalName,
  canonicalString,
  familiarName,
  familiarString,
  OutboardError,
  parseReference,
  type Reference,
  withDefaultTag,
  withoutDigest,
} from '@outboard/oci';
import type { PluginRecord } from '../config/plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { downloadLayers } from '../distribution/download-layers.ts';
import {
  fetchPluginImage,
  type PluginImage,
  parseRemote,
  resolvePlugin,
} from '../distribution/plugin-image.ts';
import type { PullRequest } from '../plugin-engine-contract.ts';
import type { ReportProgress } from '../progress.ts';
import { collectGarbage } from './collect-garbage.ts';
import { requireConsent } from './consent.ts';
import type { EngineContext } from './engine-context.ts';

type PullContext = Omit<EngineContext, 'supervisor' | 'queue'>;

/**
 * Install a plugin. The privileges are compared before any layer moves; nothing shows until all of it is on disk.
 * @throws {OutboardError} conflict when the local name is taken; forbidden when the privileges differ;
 *   invalid for bad references, configs and content; the registry's errors
 */
export async function pullPlugin(context: PullContext, request: PullRequest): Promise<PluginRecord> {
  try {
    return await installPlugin(context, request);
  } catch (error) {
    await collectGarbage(context); // layers that were stored before the failure
    throw error;
  }
}

async function installPlugin(context: PullContext, request: PullRequest): Promise<PluginRecord> {
  const { signal } = request;
  const reference = parseRemote(request.remote);
  const name = localName(request.remote, request.name);
  const onProgress = request.onProgress ?? ignoreProgress;
  using _name = context.store.reserveName(name);
  await using lease = context.content.lease();
  // Opened before the network is asked: the jail starts meanwhile.
  await using workspace = await context.workspaces.open();
  const { jail } = workspace;
  const cancellable = signal === undefined ? {} : { signal };

  const found = await resolvePlugin(context.registry, reference, request);
  announceImage(reference, found.resolved.descriptor.digest, onProgress);
  const image = await fetchPluginImage(reference, found, signal);
  const privileges = requireConsent(image.config, request.privileges);
  const destination = { content: context.content, lease, jail, downloads: context.downloads };
  const warnings = await downloadLayers(image, destination, { onProgress, ...cancellable });
  await jail.finish();
  signal?.throwIfAborted();

  const record: PluginRecord = {
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    ...installedFrom(image),
    settings: initialSettings(image.config),
    privileges,
    timeoutSeconds: 0,
  };
  await context.store.add(record, workspace.commit());
  reportWarnings(context, record, [...image.warnings, ...warnings]);
  context.announce('pull', familiarString(reference), name);
  return record;
}

/** What a record says about the image that it was installed from; pull and upgrade save it together with the rest. */
export function installedFrom(image: PluginImage) {
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
export function announceImage(reference: Reference, digest: string, onProgress: ReportProgress): void {
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
    context.logger.warn({ plugin: record.name, warnings }, 'plugin installed with warnings');
}

/** For callers that do not watch. */
export function ignoreProgress(): void {}

/**
 * The local name under which a remote is installed: the alias if there is one, else the remote's own name and tag.
 * @throws {OutboardError} invalid
 */
export function localName(remote: string, alias = ''): string {
  if (alias === '') {
    const reference = parseReference(remote);
    return familiarString(withDefaultTag(withoutDigest(reference)));
  }
  const reference = parseReference(alias);
  if (reference.digest !== undefined) throw new OutboardError('invalid', 'cannot use digest in plugin tag');
  return familiarString(withDefaultTag(reference));
}

/** Docker keeps a digest without the tag that came with it. */
function pluginReference(reference: Reference): string {
  return reference.digest === undefined
    ? canonicalString(reference)
    : `${canonicalName(reference)}@${reference.digest}`;
}
