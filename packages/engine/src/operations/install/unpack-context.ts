/**
 * Unpacks what an author sends, a config and a root filesystem in one archive, into a jail and the content store. Shared by
 * create and replace.
 */
import type { Cancellable } from '@outboard/async';
import { nextTurn, splitStream, stopWhenAborted } from '@outboard/async';
import type { AppliedLayer, UnpackJail } from '@outboard/container';
import {
  createTarReader,
  createTarWriter,
  type Digest,
  decompress,
  type ExpectedContent,
  isOutboardError,
  type Lease,
  type ManifestFormat,
  OutboardError,
  parsePlatform,
  platformText,
} from '@outboard/oci';
import { type ConfigFinding, messagesOf, refuseFindings } from '../../config/config-finding.ts';
import { parsePluginConfigInTurns } from '../../config/parse-plugin-config.ts';
import { initialSettings } from '../../config/settings.ts';
import { judgePluginConfig } from '../../config/validate-plugin-config.ts';
import { createContextSplitter } from '../../distribution/plugin-context.ts';
import { requireArchitecture } from '../../preflight/foreign-program.ts';
import { findProgramFlaws } from '../../preflight/program-flaws.ts';
import type { InstalledParts } from '../content/installed-parts.ts';
import { installedParts, storeCompressed, storeVersion } from '../content/store-version.ts';
import type { OperationCall } from '../face-rows.ts';

/** A plugin as its author sends it. */
export interface PluginContext extends Cancellable {
  /** A tar archive, plain or gzip, with `config.json` and `rootfs/` at its top, in any order. */
  readonly context: AsyncIterable<Uint8Array>;
  /**
   * Refuse also what Docker takes and can never be enabled: no entrypoint, a program that is not there, a misspelt key.
   * Default false: it is logged.
   */
  readonly mustRun?: boolean | undefined;
  /** Format of its manifest; default Docker's, which every engine installs. */
  readonly format?: ManifestFormat | undefined;
  /**
   * Platform that it is built for, in the form of `parsePlatform`, for its record and the indexes that it is pushed in. Its
   * program must be built for it. Default: not recorded.
   */
  readonly platform?: string | undefined;
  /** Receives what was found wrong in the plugin, one line each, once it is stored. */
  readonly onWarnings?: ((warnings: readonly string[]) => void) | undefined;
}

/** Where a plugin is unpacked. */
export interface UnpackDestination {
  readonly jail: UnpackJail;
  /** Path of the tree that the jail fills. */
  readonly rootfs: string;
  /** Keeps the blobs until a record refers to them. */
  readonly lease: Lease;
}

/**
 * Unpack a plugin. The root filesystem streams once: into the jail, and compressed into the store.
 * @param name local name that its record will have
 * @throws {OutboardError} invalid for a bad archive, config or platform; code `other-platform` for a program of another one
 */
export async function unpackContext(
  context: Pick<OperationCall, 'content' | 'meter'>,
  request: PluginContext,
  { name, jail, rootfs, lease }: UnpackDestination & { readonly name: string },
): Promise<{ readonly installed: InstalledParts; readonly warnings: readonly string[] }> {
  const { signal, format } = request;
  const platform = request.platform && platformText(parsePlatform(request.platform));
  await using ingest = await context.content.ingest();
  const { layerTar, readConfig } = await openContext(request);
  const measured = context.meter.measure(jail);
  const [applied, layer] = await splitStream<[AppliedLayer, ExpectedContent]>(
    layerTar,
    [
      (branch, stop) => measured.apply(branch, { signal: stop }),
      (branch, stop) => storeCompressed(branch, { ingest, lease, signal: stop }),
    ],
    signal,
  );
  const { config, document, findings: ofConfig } = await readConfig();
  const diffId = requireDiffId(applied);
  await nextTurn();
  const settings = initialSettings(config);
  const findings = [...ofConfig, ...(await findProgramFlaws({ config, settings, rootfs }))];
  if (request.mustRun === true) refuseFlaws(findings);
  if (platform) await requireArchitecture({ config, settings, rootfs }, platform);
  const to = { content: context.content, lease, format };
  await nextTurn();
  const version = await storeVersion(document, { ...layer, diffId }, to);
  await measured.finish();
  signal?.throwIfAborted();
  return {
    installed: { ...installedParts(name, config, { version, diffId }), ...(platform && { platform }) },
    warnings: [...messagesOf(findings), ...applied.warnings],
  };
}

/** Refuse a plugin that can never be enabled. @throws {OutboardError} invalid, with a line for each flaw */
export function refuseFlaws(findings: readonly ConfigFinding[]): void {
  const flaws = messagesOf(findings.filter(({ severity }) => severity === 'flaw'));
  if (flaws.length > 0) throw new OutboardError('invalid', flaws.join('\n'));
}

function requireDiffId({ diffId }: AppliedLayer): Digest {
  if (diffId === undefined) throw new OutboardError('system', 'the unpack jail computed no diff ID');
  return diffId;
}

/** Split a context while it streams in. The config can be read after the layer was read to its end. */
async function openContext({ context, signal }: PluginContext) {
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

  async function readConfig() {
    const parsed = await parsePluginConfigInTurns(splitter.finish());
    await nextTurn();
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
