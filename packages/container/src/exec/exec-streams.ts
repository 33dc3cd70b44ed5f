/**
 * The standard streams of a command, over pipes or a terminal.
 */
import { waitForDrain } from '@outboard/async';
import type { PseudoTerminal } from '../linux/pseudo-terminal.ts';
import type { SpawnedProcess } from '../linux/spawn-process.ts';
import type { ExecSession } from './exec-session.ts';

/** Streams of a session, with methods for its start and end. */
export interface ExecStreams
  extends Pick<ExecSession, 'stdout' | 'stderr' | 'write' | 'endInput' | 'resize'> {
  /** Read the error output of an OCI runtime that could not start the command, until its end or `maxBytes`. */
  readErrors(maxBytes: number): Promise<string>;
  /** Drop input from now on, pending writes included. Idempotent. */
  dropInput(): void;
  /** Close all streams; unread output is lost. */
  close(): void;
}

/** Open the streams. @param program started on the terminal, or with pipes as descriptors 0 (optional), 1 and 2 */
export function openExecStreams(
  program: SpawnedProcess,
  terminal: PseudoTerminal | undefined,
  hasInput: boolean,
): ExecStreams {
  const [stdin, stdout, stderr] = program.stdio;
  const input = terminal?.stream ?? stdin;
  // A command may stop reading its input; its exit code is the result.
  input?.on('error', () => undefined);
  const output = terminal?.output ?? stdout ?? emptyOutput();
  const dropped = new AbortController();
  return {
    stdout: output,
    stderr: terminal === undefined ? (stderr ?? emptyOutput()) : undefined,
    async write(data) {
      if (!hasInput || dropped.signal.aborted || input?.writable !== true) return;
      if (!input.write(data)) await waitForDrain(input, { signal: dropped.signal });
    },
    endInput() {
      if (terminal === undefined) stdin?.end();
    },
    resize(size) {
      if (terminal === undefined) return;
      terminal.resize(size);
      // SIGWINCH is sent here, since this is not the controlling terminal of the OCI runtime, which forwards it.
      program.kill('SIGWINCH');
    },
    readErrors: (maxBytes) => readText(terminal === undefined ? (stderr ?? emptyOutput()) : output, maxBytes),
    dropInput() {
      dropped.abort();
      // Not for a terminal, whose output comes from the same descriptor.
      if (terminal === undefined) stdin?.destroy();
    },
    close() {
      terminal?.stream.destroy();
      for (const pipe of program.stdio) pipe?.destroy();
    },
  };
}

async function* emptyOutput(): AsyncGenerator<Buffer, void> {}

async function readText(output: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of output) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
