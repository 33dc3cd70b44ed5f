/**
 * Many paths of one plugin at once, such as those of all its volumes: the mount table is read once, and the event loop
 * goes on meanwhile.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cancellable } from '@outboard/async';
import { resolveFrom } from './resolve-host-path.ts';
import { type ContainerTree, TreeHandles } from './tree-handles.ts';

/** A path in a file system that a plugin mounted takes a process to look up. */
const pathsAtOnce = 8;
/** Most look-ups wait for nothing, so they would never let others have a turn. */
const longestTurnMs = 5;

/**
 * Find the places on the host, as `resolveHostPath` does each.
 * @returns in the order of the paths; those that were not looked up in time are rejected with the signal's reason
 */
export async function resolveHostPaths(
  tree: ContainerTree,
  paths: readonly string[],
  options: Cancellable = {},
): Promise<readonly PromiseSettledResult<string>[]> {
  await using handles = new TreeHandles(tree);
  const results: PromiseSettledResult<string>[] = [];
  const queue = paths.entries();
  let turnBegan = performance.now();
  const work = async () => {
    for (const [index, path] of queue) {
      results[index] = await settle(handles, path, options);
      if (performance.now() - turnBegan < longestTurnMs) continue;
      await nextTurn();
      turnBegan = performance.now();
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
