/**
 * The program of Node.js, with its libraries, at `/usr/bin/node`.
 */
import { OutboardError } from '@outboard/oci';
import type { HostFileOptions } from '../tree/add-directory.ts';
import type { RootTree } from '../tree/root-tree.ts';
import { addProgram } from './shared-libraries.ts';

/** Add it. @param node path of the program on this machine */
export async function addNode(tree: RootTree, node: string, options: HostFileOptions): Promise<void> {
  await addProgram(tree, node, options, '/usr/bin/node').catch((cause: Error) => {
    throw new OutboardError('invalid', `cannot pack Node.js from "${node}": ${cause.message}`, { cause });
  });
}
