/**
 * Archives of plugins in a registry in memory, for tests of operations.
 */
import {
  layoutAnnotations,
  parseReference,
  type RegistryClient,
  readArtifactTree,
  writeLayoutArchive,
} from '@outboard/oci';

/** One plugin of an archive. */
export interface ArchivedReference {
  /** Reference in the registry. */
  readonly remote: string;
  /** Name in the archive, whole reference or bare tag; default `remote`, empty for none. */
  readonly name?: string | undefined;
}

/** Write an archive of plugins, as `save` and `copy` do. */
export async function archivePlugins(
  registry: Pick<RegistryClient, 'repository'>,
  plugins: readonly ArchivedReference[],
): Promise<Buffer> {
  const artifacts = plugins.map(async ({ remote, name = remote }) => {
    const reference = parseReference(remote);
    const repository = registry.repository(reference);
    const root = await repository.resolve(reference.digest ?? reference.tag ?? 'latest');
    return {
      root,
      tree: await readArtifactTree(repository, root),
      names: [name === '' ? {} : { [layoutAnnotations.refName]: name }],
      openBlob: (...words: Parameters<typeof repository.openBlob>) => repository.openBlob(...words),
    };
  });
  const chunks: Buffer[] = [];
  for await (const chunk of writeLayoutArchive(await Promise.all(artifacts))) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
