/**
 * Resolves many paths of one container, such as those of all volumes: the mount table is read once, and the event
 * loop is not blocked.
 */

import { type Cancellable, createTurnPacer } from '@outboard/async';
import { resolveFrom } from './resolve-host-path.ts';
import { type ContainerTree, TreeHandles } from './tree-handles.ts';

/** Limited, since a path in a file system that a container mounted takes a child process. */
const pathsAtOnce = 8;

/**
 * Resolve each path as `resolveHostPath` does.
 * @returns results in the order of the paths; paths that were not resolved before the signal are rejected with its
 *   reason
 */
export async function resolveHostPaths(
  tree: ContainerTree,
  paths: readonly string[],
  options: Cancellable = {},
): Promise<readonly PromiseSettledResult<string>[]> {
  await using handles = new TreeHandles(tree);
  const results: PromiseSettledResult<string>[] = [];
  const queue = paths.entries();
  // Most look-ups never wait, and would block the event loop.
  const pacer = createTurnPacer();
  const work = async () => {
    for (const [index, path] of queue) {
      results[index] = await settle(handles, path, options);
      await pacer.pause();
    }
  };
  await Promise.all(Array.from({ length: pathsAtOnce }, work));
  return results;
}

async function settle(
  handles: TreeHandles,
  path: string,
  options: Cancellable,
): Promise<PromiseSettledResult<string>> {
  try {
    options.signal?.throwIfAborted();
    return { status: 'fulfilled', value: await resolveFrom(handles, path, options) };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
