/**
 * Keeps the standard input of a command open on the side of its reader.
 *
 * runc copies input into a pipe of its own. When the command has closed its end, a write there raises SIGPIPE in runc,
 * which runc takes for a signal to pass on: a command that merely reads no more would be killed by it. A pipe that
 * someone else could still read raises none; what nobody reads stays in it.
 * @see opencontainers/runc signals.go, "forward"; pipe(7)
 */
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isErrno } from '../linux/errno.ts';

const accessModes = 0o3; // O_ACCMODE

/**
 * @param runtimePid of a runtime that has started a command
 * @returns a descriptor that the caller closes when the runtime has ended; undefined when the runtime passes its own
 *   input on, as crun does
 */
export function holdInputPipe(runtimePid: number): number | undefined {
  try {
    const pipes = pipesOf(runtimePid);
    // Of its own pipes, by which its threads wake one another, it has both ends.
    const input = pipes.find(
      ({ access, pipe }) =>
        access === constants.O_WRONLY &&
        !pipes.some((other) => other.pipe === pipe && other.access !== access),
    );
    return input && openSync(input.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    // It has ended, or this process may not look into others: then nothing is held, which matters rarely.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENXIO')) return undefined;
    throw error;
  }
}

/** Let go of it. */
export function closeInputPipe(descriptor: number | undefined): void {
  if (descriptor !== undefined) closeSync(descriptor);
}

interface OpenPipe {
  readonly path: string;
  /** Such as `pipe:[4711]`. */
  readonly pipe: string;
  readonly access: number;
}

/** All of it is answered by the kernel from memory. */
function pipesOf(pid: number): readonly OpenPipe[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      const path = `/proc/${pid}/fd/${name}`;
      const pipe = readlinkSync(path);
      if (!pipe.startsWith('pipe:')) return [];
      const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${name}`, 'latin1'))?.[1];
      return [{ path, pipe, access: Number.parseInt(flags ?? '', 8) & accessModes }];
    } catch (error) {
      // Closed meanwhile.
      if (isErrno(error, 'ENOENT')) return [];
      throw error;
    }
  });
}
