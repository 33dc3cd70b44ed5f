/**
 * The three streams of a command, whether they are pipes or a terminal.
 */
import { waitForDrain } from '@outboard/async';
import type { PseudoTerminal } from '../linux/pseudo-terminal.ts';
import type { SpawnedProcess } from '../linux/spawn-process.ts';
import type { ExecSession } from './exec-session.ts';

/** What a session has of them, and what only its start needs. */
export interface ExecStreams extends Omit<ExecSession, 'ended' | 'kill'> {
  /** Read what was said by a runtime that could not start the command, until its end or `maxBytes`. */
  readErrors(maxBytes: number): Promise<string>;
  /** Nobody takes input any more: who waits to write is let go, and what comes is lost. Idempotent. */
  dropInput(): void;
  /** Let go of all of them; what was not read is lost. */
  close(): void;
}

/** @param program has been started on the terminal, or with pipes as its descriptors 0 (or none), 1 and 2 */
export function openExecStreams(
  program: SpawnedProcess,
  terminal: PseudoTerminal | undefined,
  hasInput: boolean,
): ExecStreams {
  const [stdin, stdout, stderr] = program.stdio;
  const input = terminal?.stream ?? stdin;
  // A command that reads no more has its reasons; how it ends says which.
  input?.on('error', () => undefined);
  const output = terminal?.output ?? stdout ?? nothing();
  const dropped = new AbortController();
  return {
    stdout: output,
    stderr: terminal === undefined ? (stderr ?? nothing()) : undefined,
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
      // It is not the controlling terminal of the runtime, which passes the size on.
      program.kill('SIGWINCH');
    },
    readErrors: (maxBytes) => readText(terminal === undefined ? (stderr ?? nothing()) : output, maxBytes),
    dropInput() {
      dropped.abort();
      // A terminal's output, of which there may be more, comes from the same descriptor.
      if (terminal === undefined) stdin?.destroy();
    },
    close() {
      terminal?.stream.destroy();
      for (const pipe of program.stdio) pipe?.destroy();
    },
  };
}

async function* nothing(): AsyncGenerator<Buffer, void> {}

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
