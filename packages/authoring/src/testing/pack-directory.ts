/**
 * Archives of plugins for tests, made by tar of the host.
 */
import { spawn } from 'node:child_process';

/** Archive `config.json` and `rootfs/` of a directory; links to them are followed. */
export async function* packDirectory(directory: string): AsyncGenerator<Buffer> {
  const script =
    'tar -C "$1" -c config.json -C "$(readlink -f "$1/rootfs")" --transform "s,^\\\\.,rootfs," .';
  const child = spawn('sh', ['-c', script, 'sh', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  yield* child.stdout;
}
