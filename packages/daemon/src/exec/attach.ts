/**
 * Attaches a client to a command: passes frames between the upgraded connection and the standard streams.
 */
import type { Duplex } from 'node:stream';
import { createTurnPacer, fromCallback, onAbort, settlesWithin, waitForDrain } from '@outboard/async';
import type { ExecSession } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { encodeFrame, encodeHeader, frameKinds, parseSize, readFrames } from './exec-frames.ts';

/** Time for a client to close its side after the command ended. */
const closeTimeoutMs = 10_000;

/**
 * Pass input and output until the command ends. The command is killed when the client disconnects, closes one half of the
 * connection, or sends an invalid frame.
 * @param signal kills the command and cuts the connection
 * @returns when both have ended; never rejects
 */
export async function attach(session: ExecSession, connection: Duplex, signal: AbortSignal): Promise<void> {
  // A failed connection is destroyed, which every step below checks.
  connection.on('error', () => undefined);
  const stopListening = onAbort(signal, () => {
    session.kill();
    // A client that reads nothing must not delay the stop of the daemon.
    connection.destroy();
  });
  const input = passInput(session, connection).finally(session.kill);
  // Input ends with an error when the client disconnects or the command was killed; the exit code reports both.
  input.catch(() => undefined);
  await Promise.allSettled([
    passOutput(session.stdout, frameKinds.output, connection),
    passOutput(session.stderr, frameKinds.errors, connection),
  ]);
  if (connection.destroyed) session.kill();
  const ExitCode = await session.ended;
  const exit = encodeFrame(frameKinds.exit, Buffer.from(JSON.stringify({ ExitCode })));
  if (!connection.destroyed) await fromCallback((done) => connection.end(exit, () => done()));
  // Closing with unread input would reset the connection, and the client would lose the exit code.
  await settlesWithin(input, closeTimeoutMs);
  stopListening();
  connection.destroy();
}

async function passOutput(
  output: AsyncIterable<Buffer> | undefined,
  kind: number,
  connection: Duplex,
): Promise<void> {
  const pacer = createTurnPacer();
  for await (const chunk of output ?? []) {
    // Both in one system call, and the chunk is not copied.
    connection.cork();
    connection.write(encodeHeader(kind, chunk.length));
    const mayContinue = connection.write(chunk);
    connection.uncork();
    if (!mayContinue) await waitForDrain(connection);
    await pacer.pause();
    if (connection.destroyed) return;
  }
}

async function passInput(session: ExecSession, connection: Duplex): Promise<void> {
  const pacer = createTurnPacer();
  for await (const { kind, payload } of readFrames(connection)) {
    if (kind === frameKinds.resize) session.resize(parseSize(payload));
    else if (kind !== frameKinds.input) throw new HttpError(400, `unknown kind of frame ${kind}`);
    else if (payload.length === 0) session.endInput();
    else await session.write(payload);
    // A client may send thousands of small frames at once.
    await pacer.pause();
  }
}
