/**
 * Reads the command lines of processes that may be hostile. A command line lies in the process's own memory, and the
 * process decides what that is: such as a file of FUSE whose server never answers. So it is left to a short-lived
 * process, which is killed when the time is up and left to itself when even that has to wait.
 * @see proc_pid_cmdline(5)
 */
import { settlesWithin, withResolvers } from '@outboard/async';
import { findBinary } from '../linux/find-binary.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { spawnProcess } from '../linux/spawn-process.ts';

/** For all of them together, in milliseconds. */
const timeoutMs = 2_000;
const maxBytes = 4 * 1024 * 1024;
/**
 * Before each argument the file's name, both ended by a NUL, which no argument holds; of each process 64 arguments of
 * 1 KiB at most. What was read before one that never ends is told.
 */
const script = '1,64{s/^\\(.\\{1024\\}\\).*/\\1/;F;p}';
const sedOptions = ['--quiet', '--separate', '--null-data', '--unbuffered', `--expression=${script}`, '--'];

/** By pid, arguments separated by spaces. One that cannot be read, or not in time, is left out. */
export async function readCommandLines(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (pids.length === 0) return new Map();
  const files = pids.map((pid) => `/proc/${pid}/cmdline`);
  const fields = (await readAll(await findBinary('sed'), [...sedOptions, ...files])).split('\0');
  const found = new Map<number, string>();
  // The last one is what came after the last NUL.
  for (let index = 0; index + 2 < fields.length; index += 2) {
    const pid = Number(/^\/proc\/(\d+)\//.exec(fields[index] ?? '')?.[1]);
    const before = found.get(pid);
    const argument = fields[index + 1] ?? '';
    found.set(pid, before === undefined ? argument : `${before} ${argument}`);
  }
  return found;
}

/** What a program writes until it ends, or for as long and as much as it may. */
async function readAll(file: string, args: readonly string[]): Promise<string> {
  const env = { ...programEnvironment(), LC_ALL: 'C' };
  const program = spawnProcess(file, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  let size = 0;
  const { promise: done, resolve: stop } = withResolvers<void>();
  program.stdio[1]
    ?.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) stop();
    })
    .on('end', () => stop())
    .on('error', () => stop());
  await settlesWithin(done, timeoutMs);
  program.kill('SIGKILL');
  program.unref();
  program.stdio[1]?.destroy();
  return Buffer.concat(chunks).toString('utf8');
}
