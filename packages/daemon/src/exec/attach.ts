/**
 * The conversation with a command: frames on a connection that was handed over. A frame is Docker's (one byte that says
 * what it is, three of zero, four with the length of what follows, the highest first), with kinds of our own beside
 * Docker's streams 0, 1 and 2.
 * @see moby api/pkg/stdcopy, whose header it is
 */
import type { Duplex } from 'node:stream';
import type { ExecSession } from '@outboard/engine';
import { HttpError } from '../http/errors.ts';
import { encodeFrame, frameKinds, parseSize, readFrames } from './exec-frames.ts';

/** How long a client may take to go once it was told the end of its command. */
const partingMs = 10_000;

/**
 * Pass input and output between a command and a client until the command ends. A client that goes away, half of it
 * included, or does not keep to the protocol, ends it.
 * @param signal ends both, at any time
 * @returns when both have ended; never rejects
 */
export async function attach(session: ExecSession, connection: Duplex, signal: AbortSignal): Promise<void> {
  // It is gone then, as its end says as well.
  connection.on('error', () => undefined);
  const leave = (): void => {
    session.kill();
    // Also when the client reads nothing: it must not hold up the end of the daemon.
    connection.destroy();
  };
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  const input = passInput(session, connection).finally(session.kill);
  // The client is gone, or the command was killed: both are told below.
  input.catch(() => undefined);
  await Promise.allSettled([
    passOutput(session.stdout, frameKinds.output, connection),
    passOutput(session.stderr, frameKinds.errors, connection),
  ]);
  if (connection.destroyed) session.kill();
  const ExitCode = await session.ended;
  const exit = encodeFrame(frameKinds.exit, Buffer.from(JSON.stringify({ ExitCode })));
  if (!connection.destroyed) await new Promise<void>((resolve) => connection.end(exit, () => resolve()));
  // One that still sends input would lose what it was told if nobody read that any more.
  await settledWithin(input, partingMs);
  signal.removeEventListener('abort', leave);
  connection.destroy();
}

/** Wait until something is settled, for so long at most. */
async function settledWithin(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), timedOut]);
  clearTimeout(timer);
}

async function passOutput(
  output: AsyncIterable<Buffer> | undefined,
  kind: number,
  connection: Duplex,
): Promise<void> {
  for await (const chunk of output ?? []) {
    if (!connection.write(encodeFrame(kind, chunk))) await untilDrained(connection);
    if (connection.destroyed) return;
  }
}

async function passInput(session: ExecSession, connection: Duplex): Promise<void> {
  for await (const { kind, payload } of readFrames(connection)) {
    if (kind === frameKinds.resize) session.resize(parseSize(payload));
    else if (kind !== frameKinds.input) throw new HttpError(400, `unknown kind of frame ${kind}`);
    else if (payload.length === 0) session.endInput();
    else await session.write(payload);
  }
}

function untilDrained(connection: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      connection.removeListener('drain', settle).removeListener('close', settle);
      resolve();
    };
    connection.on('drain', settle).on('close', settle);
    if (connection.destroyed) settle();
  });
}
