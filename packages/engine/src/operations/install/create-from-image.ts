/**
 * Create from an image: make a plugin of an ordinary image, flattened to one layer. Docker has no such operation.
 */
import { randomBytes } from 'node:crypto';
import type { UnpackJail } from '@outboard/container';
import { canonicalString, familiarString, type Lease } from '@outboard/oci';
import { messagesOf } from '../../config/config-finding.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { initialSettings } from '../../config/settings.ts';
import type { SourceImageFacts } from '../../config/source-image-facts.ts';
import { downloadLayers } from '../../distribution/download-layers.ts';
import { parseRemote, resolvePlugin } from '../../distribution/resolve-plugin.ts';
import { fetchSourceImage, type SourceImage } from '../../distribution/source-image.ts';
import { ignoreProgress, type ReportProgress } from '../../observe/progress.ts';
import { findProgramFlaws } from '../../preflight/program-flaws.ts';
import { bestEffort } from '../best-effort.ts';
import { collectGarbage } from '../content/collect-garbage.ts';
import { storeTree } from '../content/flatten-plugin.ts';
import { installedParts, storeVersion } from '../content/store-version.ts';
import type { OperationCall } from '../face-rows.ts';
import type { RemoteOptions } from '../remote-options.ts';
import { parseLocalName } from './create.ts';
import { reportWarnings } from './download-plugin.ts';
import { createLayerSize, explainFullDisk, type LayerSize } from './explain-full-disk.ts';
import { requireTrust } from './require-trust.ts';
import { type PluginContext, refuseFlaws } from './unpack-context.ts';

/** Request of a creation from an image. All privileges of the config are granted, as by create. */
export interface CreateFromImageRequest
  extends RemoteOptions,
    Pick<PluginContext, 'mustRun' | 'format' | 'onWarnings'> {
  /** Local name; `latest` is added when it has no tag. */
  readonly name: string;
  /** Reference of the image in a registry, or in the archive. */
  readonly image: string;
  /**
   * `config.json`; it wins over the label `io.outboard.plugin.config` of the image field by field, and both win over what
   * the image says about entrypoint, environment and working directory. Default: the label alone.
   */
  readonly config?: Uint8Array | undefined;
  readonly onProgress?: ReportProgress | undefined;
}

type CreateContext = Pick<
  OperationCall,
  | (
      | 'dataRoot'
      | 'store'
      | 'content'
      | 'registry'
      | 'archives'
      | 'policy'
      | 'downloads'
      | 'limits'
      | 'workspaces'
    )
  | ('announce' | 'logger' | 'meter')
>;

/**
 * Create a plugin of an image, disabled.
 * @throws {OutboardError} conflict when the name is taken; invalid for a bad name, image or config; the registry's errors
 */
export function createFromImage(
  context: CreateContext,
  request: CreateFromImageRequest,
): Promise<PluginRecord> {
  const size = createLayerSize();
  const installation = { plugin: request.image, layerBytes: size.layerBytes };
  return explainFullDisk(context, installation, async () => {
    try {
      return await makePlugin(context, request, size);
    } finally {
      // The layers of the image, which the plugin does not refer to.
      await bestEffort(context, 'collect the content of an image', () => collectGarbage(context));
    }
  });
}

async function makePlugin(
  context: CreateContext,
  request: CreateFromImageRequest,
  size: LayerSize,
): Promise<PluginRecord> {
  const { signal } = request;
  const name = parseLocalName(request.name);
  using _name = context.store.reserveName(name);
  await using lease = context.content.lease();
  await using workspace = await context.workspaces.open();
  const { image, facts } = await fetchImage(context, request);
  size.know(image.manifest.layers);
  const { jail, rootfs } = workspace;
  const unpacked = await unpackImage(context, request, { image, jail, lease });
  const { config, document } = image;
  const settings = initialSettings(config);
  const findings = [...image.findings, ...(await findProgramFlaws({ config, settings, rootfs }))];
  if (request.mustRun === true) refuseFlaws(findings);
  request.onProgress?.({ status: 'Flattening' });
  const layer = await storeTree(context, jail, { lease, signal });
  const to = { content: context.content, lease, format: request.format };
  const version = await storeVersion(document, layer, to);
  await jail.finish();
  signal?.throwIfAborted();
  const record: PluginRecord = {
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    ...installedParts(name, config, { version, diffId: layer.diffId }),
    ...(image.platform !== undefined && { platform: image.platform }),
    sourceImage: facts,
    settings,
    timeoutSeconds: 0,
    overrides: {},
  };
  await context.store.add(record, workspace.commit());
  const warnings = [...messagesOf(findings), ...unpacked];
  reportWarnings(context, record, warnings);
  request.onWarnings?.(warnings);
  context.announce({ type: 'plugin', action: 'create', id: record.id, attributes: { name } });
  return record;
}

async function fetchImage(
  context: Pick<CreateContext, 'registry' | 'archives' | 'policy'>,
  request: CreateFromImageRequest,
): Promise<{ readonly image: SourceImage; readonly facts: SourceImageFacts }> {
  const { onProgress = ignoreProgress, config, signal } = request;
  const reference = parseRemote(request.image);
  const found = await resolvePlugin(context, reference, request);
  onProgress({ status: `Pulling image ${familiarString(reference)}` });
  onProgress({ status: `Digest: ${found.resolved.descriptor.digest}` });
  const { resolved, index } = found;
  const verification = await requireTrust(context, reference, { ...found, archive: request.archive, signal });
  const image = await fetchSourceImage({ ...found, reference }, { config, signal });
  const facts = {
    reference: canonicalString(reference),
    digest: resolved.descriptor.digest,
    ...(index && { indexDigest: index.digest }),
    ...(verification && { verification }),
  };
  return { image, facts };
}

/** @returns warnings about the layers */
async function unpackImage(
  { content, downloads, limits, meter }: Pick<CreateContext, 'content' | 'downloads' | 'limits' | 'meter'>,
  { onProgress = ignoreProgress, signal }: CreateFromImageRequest,
  { image, jail, lease }: { readonly image: SourceImage; readonly jail: UnpackJail; readonly lease: Lease },
): Promise<readonly string[]> {
  const to = { content, downloads, limits, meter, lease, jail: meter.measure(jail) };
  return await downloadLayers(image, to, { onProgress, signal });
}
