/**
 * An image of a registry as the base of a plugin.
 */
import {
  familiarString,
  type Reference,
  type RegistryAccess,
  type RegistryClient,
  withDefaultTag,
} from '@outboard/oci';
import type { RootTree } from '../tree/root-tree.ts';
import { applyImage, type ImageOptions } from './apply-image.ts';

/** The way to registries. */
export interface RegistryOptions {
  /** Opened when it is first needed. */
  readonly client: () => Promise<RegistryClient>;
  /** Credentials for a repository. */
  readonly accessTo: (reference: Reference) => Promise<RegistryAccess>;
  /** Receives one line for each step. */
  readonly onProgress: (line: string) => void;
}

/**
 * Pull an image and apply its layers.
 * @throws {OutboardError} as `applyImage`
 */
export async function applyRegistryImage(
  tree: RootTree,
  given: Reference,
  options: RegistryOptions & ImageOptions,
): Promise<void> {
  const { onProgress } = options;
  const reference = withDefaultTag(given);
  const access = await options.accessTo(reference);
  const client = await options.client();
  const repository = client.repository(reference, 'pull', access);
  onProgress(`Pulling base ${familiarString(reference)}`);
  const wanted = reference.digest ?? reference.tag ?? 'latest';
  const { descriptor } = await applyImage(tree, repository, wanted, options);
  onProgress(`Digest: ${descriptor.digest}`);
}
