/**
 * Errors of commands that could not be started: the runtime's message with advice.
 */
import { OutboardError } from '@outboard/oci';
import { readRuntimeMessage } from '../runtime/runtime-message.ts';

/** The container of the command. */
export interface ExecContainer {
  /** Path of the root filesystem on the host. */
  readonly rootfs: string;
  /** Pid of the container's program, on the host. */
  readonly pid: number;
}

/**
 * Messages for a missing program. runc: `exec: "sh": executable file not found in $PATH`, `stat /bin/sh: no such file
 * or directory`; crun: "executable file `sh` not found".
 */
const missingProgram =
  /executable file .*not found|\bstat [^:]+: no such file|\bopen executable: no such file/i;

/** Create the error. @param output of the runtime @param waitedMs time that was waited, in milliseconds */
export function execFailure(output: string, { rootfs, pid }: ExecContainer, waitedMs: number): OutboardError {
  const reason =
    readRuntimeMessage(output) ||
    `it did not start the command, and gave no reason within ${waitedMs / 1000} s`;
  const hint = missingProgram.test(reason)
    ? `; the container has no such program. Its files are on the host at ${rootfs}; ` +
      `programs of the host run in its network by: nsenter --target ${pid} --net`
    : '';
  // Docker's wording, from which its client derives the exit code.
  return new OutboardError('invalid', `OCI runtime exec failed: ${reason}${hint}`, { code: 'exec-failed' });
}
