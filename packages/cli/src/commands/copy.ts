/**
 * `outboard copy`: copy a plugin, or any other artifact, between registries, layout directories and archives. It needs no
 * daemon, and installs nothing.
 */
import {
  choosePlatform,
  createRegistryClient,
  type Descriptor,
  isIndexMediaType,
  type PushedBlob,
  parseIndex,
  parsePlatform,
  type Reference,
  type ResolvedManifest,
  shortDigest,
} from '@outboard/oci';
import type { CopyContext } from '../archive/copy-context.ts';
import { type CopySource, openCopySource } from '../archive/copy-source.ts';
import { copyTo } from '../archive/copy-target.ts';
import { isStandardOutput } from '../archive/write-archive.ts';
import { findCredentials } from '../credentials/find-credentials.ts';
import { parsePluginSource } from '../references/plugin-source.ts';
import { escapeText } from '../terminal/escape-text.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { CommandContext } from './command-context.ts';
import { loadRegistries } from './load-registries.ts';
import type { RegistryFlags } from './registry-flags.ts';

/** Flags of `outboard copy`. */
export interface CopyFlags extends RegistryFlags {
  /** Copy one platform of an index; default all. */
  readonly platform?: string | undefined;
  readonly referrers?: boolean | undefined;
}

const outcomes: Readonly<Record<PushedBlob, string>> = {
  uploaded: 'copied',
  exists: 'there already',
  mounted: 'taken over',
};

/** Copy, and print the digest; beside an archive on standard output, as an error message would be. */
export async function copy(
  command: CommandContext,
  from: string,
  to: string,
  flags: CopyFlags,
): Promise<void> {
  const { host, signal } = command;
  const [typedSource, target] = [parsePluginSource(from), parsePluginSource(to)];
  await using registry = await openRegistry(command, flags);
  const context: CopyContext = {
    registry,
    accessTo: (reference) => accessTo(reference, command, flags),
    host,
    signal,
  };
  await using source = await openCopySource(typedSource, context);
  const root = await resolveRoot(source, flags.platform, signal);
  const onBlob = ({ digest, size }: Descriptor, how: PushedBlob): void =>
    void host.stderr.write(`${shortDigest(digest)}: ${formatBytes(size)}, ${outcomes[how]}\n`);
  await copyTo(target, { source, root, referrers: flags.referrers === true, onBlob }, context);
  const isArchive = target.kind !== 'registry' && isStandardOutput(target.path);
  (isArchive ? host.stderr : host.stdout).write(`${root.descriptor.digest}\n`);
}

async function openRegistry(command: CommandContext, flags: CopyFlags) {
  const configuration = await loadRegistries(command, flags);
  return createRegistryClient({ configuration, userAgent: `outboard/${command.version} (linux)` });
}

/** The credentials of the files of docker and Podman; a warning when they cannot be read. */
async function accessTo(
  { domain, path }: Reference,
  { host, signal }: CommandContext,
  { authfile: authFile }: CopyFlags,
) {
  const found = await findCredentials({ domain, path }, { env: host.env, authFile, signal });
  for (const warning of found.warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
  return { credentials: found.credentials };
}

async function resolveRoot(
  { reader, wanted }: CopySource,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedManifest> {
  const root = await reader.resolve(wanted, { signal });
  if (platform === undefined || !isIndexMediaType(root.descriptor.mediaType)) return root;
  const { manifests } = parseIndex(root.bytes, root.descriptor.mediaType);
  return await reader.resolve(choosePlatform(manifests, parsePlatform(platform)).digest, { signal });
}
