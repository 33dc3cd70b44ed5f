/**
 * A plugin's record on disk: the shape that Docker writes, with what only Outboard knows under a key of its own.
 * @see moby daemon/pkg/plugin/v2/plugin.go, type Plugin
 */
import { readFile } from 'node:fs/promises';
import {
  commitFile,
  digestOf,
  mediaTypes,
  OutboardError,
  onStorage,
  parseDigest,
  type ReportUnflushed,
  writeFileDurably,
} from '@outboard/oci';
import * as z from 'zod';
import { withOptions } from '../config/options-in-force.ts';
import { parseOverrides, toOptionsDocument } from '../config/parse-plugin-options.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import {
  parsePluginDocument,
  parsePrivileges,
  toPluginDocument,
  toPrivilegeDocument,
} from '../config/plugin-document.ts';
import { computePrivileges } from '../config/privileges.ts';
import type { PluginPaths } from './plugin-layout.ts';

const recordVersion = 1;

const ownFields = z.object({
  Version: z.literal(recordVersion),
  Privileges: z.unknown(),
  TimeoutSeconds: z.number().int().min(0),
  ManifestMediaType: z.string(),
  Options: z.unknown().optional(),
  AuthorOptions: z.unknown().optional(),
  /** sha256 of the document as written, less this field. */
  Checksum: z.string(),
});

const recordDocument = z.looseObject({
  plugin: z.unknown(),
  Config: z.string(),
  Manifest: z.string(),
  Blobsums: z.array(z.string()).nullish(),
  Outboard: ownFields.optional(),
});

/**
 * Replace a plugin's record: a commit.
 * @param onUnflushed as in `commitInDirectory`
 */
export async function commitRecord(
  record: PluginRecord,
  paths: PluginPaths,
  onUnflushed: ReportUnflushed,
): Promise<void> {
  await commitFile(paths.record, encodeRecord(record, paths), { mode: 0o600, onUnflushed });
}

/**
 * Write the record of a plugin that is still being staged.
 * @param paths where the plugin lies now
 * @param home where it will lie
 */
export async function writeRecord(
  record: PluginRecord,
  paths: PluginPaths,
  home: PluginPaths = paths,
): Promise<void> {
  await writeFileDurably(paths.record, encodeRecord(record, home), { mode: 0o600 });
}

function encodeRecord(record: PluginRecord, home: PluginPaths): Buffer {
  const document = {
    plugin: toPluginDocument(record),
    PropagatedMount: record.config.propagatedMount === '' ? '' : home.propagatedMount,
    Rootfs: home.rootfs,
    Config: record.configDigest,
    Blobsums: record.blobDigests,
    Manifest: record.manifestDigest,
    SwarmServiceID: '',
  };
  const { authorOptions } = record.config;
  const own = {
    Version: recordVersion,
    Privileges: record.privileges.map(toPrivilegeDocument),
    TimeoutSeconds: record.timeoutSeconds,
    ManifestMediaType: record.manifestMediaType,
    Options: toOptionsDocument(record.overrides),
    ...(authorOptions && { AuthorOptions: toOptionsDocument(authorOptions) }),
  };
  const Checksum = checksumOf({ ...document, Outboard: own });
  return Buffer.from(`${JSON.stringify({ ...document, Outboard: { ...own, Checksum } })}\n`);
}

/**
 * Read a record, written by us or by Docker.
 * @throws {OutboardError} system when the file is damaged, or cannot be read
 */
export async function readRecord(paths: PluginPaths): Promise<PluginRecord> {
  return parseRecord(await readRecordText(paths), paths);
}

/**
 * Read the file of a record, whatever is in it. A failure is tried again once: a disk that stutters, or a process that
 * was short of descriptors for a moment, must not put a plugin out of service.
 * @throws {OutboardError} system, with the file's name
 */
export async function readRecordText(paths: PluginPaths): Promise<string> {
  const read = () => readFile(paths.record, 'utf8');
  return onStorage('read plugin record', paths.record, () => read().catch(read));
}

/** @throws {OutboardError} system when the text is no whole and true record */
export function parseRecord(text: string, paths: PluginPaths): PluginRecord {
  try {
    return parseDocument(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutboardError('system', `plugin record ${JSON.stringify(paths.record)} is damaged: ${reason}`, {
      cause,
    });
  }
}

function parseDocument(text: string): PluginRecord {
  const document = recordDocument.parse(JSON.parse(text));
  const plugin = parsePluginDocument(document.plugin);
  const own = document.Outboard;
  if (own !== undefined) verifyChecksum(text, own.Checksum);
  const authorOptions =
    own?.AuthorOptions === undefined ? {} : { authorOptions: parseOverrides(own.AuthorOptions) };
  return withOptions({
    ...plugin,
    config: { ...plugin.config, ...authorOptions },
    configDigest: parseDigest(document.Config),
    manifestDigest: parseDigest(document.Manifest),
    manifestMediaType: own?.ManifestMediaType ?? mediaTypes.dockerManifest,
    blobDigests: (document.Blobsums ?? []).map(parseDigest),
    // A record that Docker wrote names no privileges: whoever installed it agreed to those of its config.
    privileges: own === undefined ? computePrivileges(plugin.config) : parsePrivileges(own.Privileges),
    timeoutSeconds: own?.TimeoutSeconds ?? 0,
    overrides: parseOverrides(own?.Options),
  });
}

function verifyChecksum(text: string, checksum: string): void {
  // Keys keep their order through JSON.parse, so a document read back has the checksum of the one written.
  const document = JSON.parse(text);
  delete document.Outboard.Checksum;
  const expected = checksumOf(document);
  if (checksum !== expected) throw new OutboardError('system', `checksum is ${checksum}, want ${expected}`);
}

function checksumOf(document: object): string {
  return digestOf(Buffer.from(JSON.stringify(document)));
}
