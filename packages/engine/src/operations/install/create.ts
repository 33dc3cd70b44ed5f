/**
 * Create: make a plugin from a config and a root filesystem.
 */
import { randomBytes } from 'node:crypto';
import type { Cancellable } from '@outboard/async';
import { splitStream, stopWhenAborted } from '@outboard/async';
import type { AppliedLayer } from '@outboard/container';
import {
  createTarReader,
  createTarWriter,
  type Digest,
  decompress,
  digestOf,
  type ExpectedContent,
  encodeManifest,
  familiarString,
  gzipStream,
  type Ingest,
  isOutboardError,
  type Lease,
  mediaTypes,
  OutboardError,
  parseReference,
  withDefaultTag,
} from '@outboard/oci';
import { type ConfigFinding, messagesOf, refuseFindings } from '../../config/config-finding.ts';
import { parsePluginConfig } from '../../config/parse-plugin-config.ts';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { encodeConfigBlob } from '../../config/plugin-document.ts';
import { computePrivileges } from '../../config/privileges.ts';
import { initialSettings } from '../../config/settings.ts';
import { judgePluginConfig } from '../../config/validate-plugin-config.ts';
import { createContextSplitter } from '../../distribution/plugin-context.ts';
import { findProgramFlaws } from '../../preflight/program-flaws.ts';
import type { OperationCall } from '../face-rows.ts';
import { collectGarbageOnFailure } from './collect-garbage.ts';
import { reportWarnings } from './download-plugin.ts';
import { explainFullDisk } from './explain-full-disk.ts';

/** Request of a creation. */
export interface CreateRequest extends Cancellable {
  /** Local name; `latest` is added when it has no tag. */
  readonly name: string;
  /** A tar archive, plain or gzip, with `config.json` and `rootfs/` at its top, in any order. */
  readonly context: AsyncIterable<Uint8Array>;
  /**
   * Refuse also what Docker takes and can never be enabled: no entrypoint, a program that is not there, a misspelt key.
   * Default false: it is logged.
   */
  readonly mustRun?: boolean | undefined;
  /** Receives what was found wrong in the plugin, one line each, once it is created. */
  readonly onWarnings?: ((warnings: readonly string[]) => void) | undefined;
}

type CreateContext = Pick<
  OperationCall,
  'dataRoot' | 'store' | 'content' | 'workspaces' | 'announce' | 'logger' | 'meter'
>;

/**
 * Create a plugin, disabled. The root filesystem streams once: into the unpack jail, and compressed into the store.
 * @throws {OutboardError} conflict when the name is taken; invalid for a bad name, archive or config
 */
export function createPlugin(context: CreateContext, request: CreateRequest): Promise<PluginRecord> {
  const installation = { plugin: request.name, layerBytes: () => undefined };
  return explainFullDisk(context, installation, () =>
    collectGarbageOnFailure(context, () => buildPlugin(context, request)),
  );
}

async function buildPlugin(context: CreateContext, request: CreateRequest): Promise<PluginRecord> {
  const { signal } = request;
  const name = parseLocalName(request.name);
  using _name = context.store.reserveName(name);
  await using lease = context.content.lease();
  await using workspace = await context.workspaces.open();
  const jail = context.meter.measure(workspace.jail);
  await using ingest = await context.content.ingest();

  const { layerTar, readConfig } = await openContext(request);
  const [applied, layer] = await splitStream<[AppliedLayer, ExpectedContent]>(
    layerTar,
    [
      (branch, stop) => jail.apply(branch, { signal: stop }),
      (branch, stop) => storeCompressed(branch, { ingest, lease, signal: stop }),
    ],
    signal,
  );
  const { config, document, findings: ofConfig } = readConfig();
  const diffId = requireDiffId(applied);
  const settings = initialSettings(config);
  const findings = [...ofConfig, ...(await findProgramFlaws({ config, settings, rootfs: workspace.rootfs }))];
  if (request.mustRun === true) refuseFlaws(findings);
  const configBlob = await store(encodeConfigBlob(document, [diffId]));
  const manifest = await store(
    encodeManifest({
      config: { mediaType: mediaTypes.dockerPluginConfig, ...configBlob },
      layers: [{ mediaType: mediaTypes.dockerLayerGzip, ...layer }],
    }),
  );
  await jail.finish();
  signal?.throwIfAborted();

  const record: PluginRecord = {
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    pluginReference: name,
    config: { ...config, rootfs: { type: 'layers', diffIds: [diffId] } },
    settings,
    configDigest: configBlob.digest,
    manifestDigest: manifest.digest,
    manifestMediaType: mediaTypes.dockerManifest,
    blobDigests: [layer.digest],
    privileges: computePrivileges(config),
    timeoutSeconds: 0,
    overrides: {},
  };
  await context.store.add(record, workspace.commit());
  const warnings = [...messagesOf(findings), ...applied.warnings];
  reportWarnings(context, record, warnings);
  request.onWarnings?.(warnings);
  context.announce({ type: 'plugin', action: 'create', id: record.id, attributes: { name } });
  return record;

  async function store(bytes: Buffer) {
    lease.add(digestOf(bytes)); // before it is stored, so that it is never collected
    return context.content.write(bytes);
  }
}

/** @throws {OutboardError} invalid, with a line for each flaw */
function refuseFlaws(findings: readonly ConfigFinding[]): void {
  const flaws = messagesOf(findings.filter(({ severity }) => severity === 'flaw'));
  if (flaws.length > 0) throw new OutboardError('invalid', flaws.join('\n'));
}

function requireDiffId({ diffId }: AppliedLayer): Digest {
  if (diffId === undefined) throw new OutboardError('system', 'the unpack jail computed no diff ID');
  return diffId;
}

async function storeCompressed(
  tar: AsyncIterable<Buffer>,
  to: { readonly ingest: Ingest; readonly lease: Lease; readonly signal: AbortSignal },
): Promise<ExpectedContent> {
  for await (const chunk of gzipStream(tar, { signal: to.signal })) await to.ingest.append(chunk);
  to.lease.add(to.ingest.digest());
  return to.ingest.commit();
}

/** @throws {OutboardError} invalid, with Docker's text */
function parseLocalName(text: string): string {
  try {
    const reference = parseReference(text);
    if (reference.digest === undefined) return familiarString(withDefaultTag(reference));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('invalid', `failed to parse reference ${text}: ${reason}`, { cause });
  }
  throw new OutboardError('invalid', 'canonical references are not permitted');
}

/** Split a context while it streams in. The config can be read after the layer was read to its end. */
async function openContext({ context, signal }: CreateRequest) {
  const out: Buffer[] = [];
  const writer = createTarWriter((chunk) => void out.push(chunk));
  const splitter = createContextSplitter(writer);
  const source = signal === undefined ? context : stopWhenAborted(context, signal);
  const { content } = await decompress(source, { signal });

  async function* layerTar(): AsyncGenerator<Buffer> {
    const reader = createTarReader(splitter);
    for await (const chunk of content) {
      readTar(() => reader.write(chunk));
      yield* out.splice(0);
    }
    readTar(() => reader.end());
    splitter.finish();
    writer.end();
    yield* out.splice(0);
  }

  function readConfig() {
    const parsed = parsePluginConfig(splitter.finish());
    const findings = [...parsed.findings, ...judgePluginConfig(parsed.config)];
    refuseFindings(findings, ['refused', 'mistake']);
    return { ...parsed, findings };
  }

  return { layerTar: layerTar(), readConfig };
}

/** @throws {OutboardError} with Docker's text before the reason */
function readTar(step: () => void): void {
  try {
    step();
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError(cause.kind, `failed to read from tar: ${cause.message}`, { cause });
  }
}
