/**
 * The source of a plugin: its registry, or an archive that a client has sent.
 */
import type { Reference, RegistryAccess, RegistryClient, RepositoryReader } from '@outboard/oci';
import type { StagedArchives } from '../archives/staged-archives.ts';

/** All sources of an engine. */
export interface PluginSources {
  readonly registry: Pick<RegistryClient, 'repository'>;
  readonly archives: Pick<StagedArchives, 'reader'>;
}

/** Choice of the source. */
export interface SourceOptions {
  readonly access?: RegistryAccess | undefined;
  /** ID of an archive to read the plugin from; nothing is sent to its registry then. */
  readonly archive?: string | undefined;
}

/** Open the source of a reference. @throws {OutboardError} not-found, code `no-archive`; invalid for a malformed path */
export function openReader(
  { registry, archives }: PluginSources,
  reference: Reference,
  { access, archive }: SourceOptions,
): RepositoryReader {
  if (archive !== undefined) return archives.reader(archive, reference);
  return registry.repository(reference, 'pull', access);
}
