/**
 * Archives a built plugin as the daemon takes it.
 */
import { Readable } from 'node:stream';
import type { Cancellable } from '@outboard/async';
import type { BuiltPlugin } from './build-plugin.ts';
import { archiveTree } from './tree/archive-tree.ts';

/** A tar stream of `config.json` and `rootfs/`, with the owners of the base also without root. */
export function archivePlugin(plugin: BuiltPlugin, { signal }: Cancellable = {}): Readable {
  const first = { name: 'config.json', bytes: plugin.configBytes };
  return Readable.from(archiveTree(plugin.tree.root, { prefix: 'rootfs', first, signal }), {
    objectMode: false,
  });
}
