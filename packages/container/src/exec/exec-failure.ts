/**
 * Why a command could not be started, in the runtime's words and with what to do.
 */
import { OutboardError } from '@outboard/oci';
import { readRuntimeMessage } from '../runtime/runtime-message.ts';

/** In which container it was to run. */
export interface ExecContainer {
  /** Path of the root filesystem on the host. */
  readonly rootfs: string;
  /** Of the plugin's own program, on the host. */
  readonly pid: number;
}

/** runc: `exec: "sh": executable file not found in $PATH`, `stat /bin/sh: no such file or directory`; crun: "executable file `sh` not found". */
const missingProgram =
  /executable file .*not found|\bstat [^:]+: no such file|\bopen executable: no such file/i;

/** @param said by the runtime @param waitedMs how long it was waited for */
export function execFailure(said: string, { rootfs, pid }: ExecContainer, waitedMs: number): OutboardError {
  const reason =
    readRuntimeMessage(said) ||
    `it did not start the command, and gave no reason within ${waitedMs / 1000} s`;
  const hint = missingProgram.test(reason)
    ? `; the plugin has no such program. Its files are on the host at ${rootfs}; ` +
      `programs of the host run in its network by: nsenter --target ${pid} --net`
    : '';
  // Docker's words, by which its client tells what to exit with.
  return new OutboardError('invalid', `OCI runtime exec failed: ${reason}${hint}`, { code: 'exec-failed' });
}
