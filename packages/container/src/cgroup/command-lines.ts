/**
 * Reads the command lines of processes that may be hostile. A command line lies in the memory of its process, which
 * may map it from a FUSE file whose server never answers. So a short-lived child process reads it, which is killed at
 * the deadline, and abandoned when the kill has no effect.
 * @see proc_pid_cmdline(5)
 */
import { settlesWithin, withResolvers } from '@outboard/async';
import { findBinary } from '../linux/find-binary.ts';
import { programEnvironment } from '../linux/run-program.ts';
import { spawnProcess } from '../linux/spawn-process.ts';

/** Time limit for all processes together. */
const timeoutMs = 2_000;
const maxBytes = 4 * 1024 * 1024;
/**
 * Script of sed: prints the file name before each argument, both with a terminating NUL, which no argument contains;
 * at most 64 arguments of 1 KiB for each process. Output is unbuffered, so that what was read before a hanging
 * process is kept.
 */
const script = '1,64{s/^\\(.\\{1024\\}\\).*/\\1/;F;p}';
const sedOptions = ['--quiet', '--separate', '--null-data', '--unbuffered', `--expression=${script}`, '--'];

/**
 * Command lines by pid, arguments separated by spaces. Processes that cannot be read, or not in time, are left out.
 */
export async function readCommandLines(pids: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (pids.length === 0) return new Map();
  const files = pids.map((pid) => `/proc/${pid}/cmdline`);
  const fields = (await readAll(await findBinary('sed'), [...sedOptions, ...files])).split('\0');
  const found = new Map<number, string>();
  // The last field is the rest after the last NUL.
  for (let index = 0; index + 2 < fields.length; index += 2) {
    const pid = Number(/^\/proc\/(\d+)\//.exec(fields[index] ?? '')?.[1]);
    const before = found.get(pid);
    const argument = fields[index + 1] ?? '';
    found.set(pid, before === undefined ? argument : `${before} ${argument}`);
  }
  return found;
}

/** Read the output of a program until its end, the deadline or the size limit. */
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
