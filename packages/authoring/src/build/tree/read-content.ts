/**
 * Reads the content of files of a tree.
 */
import { open } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import type { FileContent } from './tree-node.ts';

const chunkBytes = 1024 * 1024;

/**
 * The bytes of a file, each chunk in new memory.
 * @throws {OutboardError} invalid when the file of the host shrank since it was taken into the tree
 */
export async function* readContent(content: FileContent): AsyncGenerator<Buffer> {
  if ('bytes' in content) {
    if (content.bytes.length > 0) yield content.bytes;
    return;
  }
  await using file = await open(content.file);
  for (let done = 0; done < content.size; ) {
    const wanted = Math.min(chunkBytes, content.size - done);
    const into = Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await file.read(into, 0, wanted, content.start + done);
    if (bytesRead === 0)
      throw new OutboardError('invalid', `cannot read "${content.file}": it shrank while it was read`);
    done += bytesRead;
    yield into.subarray(0, bytesRead);
  }
}
