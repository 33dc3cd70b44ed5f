/**
 * Errors of commands that could not be started: the runtime's message with advice.
 */
import { OutboardError } from '@outboard/oci';
import { readRuntimeMessage } from '../runtime/runtime-message.ts';

/**
 * Messages for a missing program. runc: `exec: "sh": executable file not found in $PATH`, `stat /bin/sh: no such file
 * or directory`; crun: "executable file `sh` not found".
 */
const missingProgram =
  /executable file .*not found|\bstat [^:]+: no such file|\bopen executable: no such file/i;

/**
 * Create the error. Its detail `isProgramMissing` is true when the container lacks the program.
 * @param output of the runtime @param waitedMs time that was waited, in milliseconds
 */
export function execFailure(output: string, waitedMs: number): OutboardError {
  const reason =
    readRuntimeMessage(output) ||
    `it did not start the command, and gave no reason within ${waitedMs / 1000} s`;
  // Docker's wording, from which its client derives the exit code.
  return new OutboardError('invalid', `OCI runtime exec failed: ${reason}`, {
    code: 'exec-failed',
    details: { isProgramMissing: missingProgram.test(reason) },
  });
}
