/**
 * Writes replies and errors to a client that may disconnect at any time.
 */
import type { ServerResponse } from 'node:http';
import { fromCallback, resolveOnAbort, waitForDrain } from '@outboard/async';
import { type ErrorAnswer, HttpError } from './errors.ts';
import { encodeJson } from './json.ts';
import type { DocumentPieces } from './json-list.ts';
import { jsonContentType, type Reply, type UpgradedReply } from './reply.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestedUpgrade } from './upgrade.ts';

/** The client's side of an exchange. */
export interface Client {
  readonly response: ServerResponse;
  readonly body: RequestBody;
  /** Aborted when the connection is closed. */
  readonly gone: AbortSignal;
  /** Present for a request to upgrade the connection. */
  readonly upgrade?: RequestedUpgrade | undefined;
}

/**
 * Write a reply. Resolves when it was passed to the system, or the connection is closed.
 * @returns an error that is part of the reply itself
 */
export async function writeReply(reply: Reply, client: Client): Promise<unknown> {
  const { response } = client;
  if ('upgrade' in reply) {
    await upgradeConnection(reply, client);
    return undefined;
  }
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if ('write' in reply) {
    const error = await reply.write(response);
    await end(client);
    return error;
  }
  await drainBody(client);
  response.statusCode = reply.status;
  const { body } = reply;
  if (typeof body === 'object') await writePieces(client, body);
  else await end(client, body);
  return undefined;
}

/** Write pieces as the client takes them, so that no turn of the event loop writes all of a long document. */
async function writePieces(client: Client, pieces: DocumentPieces): Promise<void> {
  const { response, gone } = client;
  response.setHeader(
    'Content-Length',
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  for (const piece of pieces) {
    if (gone.aborted) return;
    if (!response.write(piece)) await waitForDrain(response, { signal: gone });
  }
  await end(client);
}

async function upgradeConnection(reply: UpgradedReply, { upgrade }: Client): Promise<void> {
  if (upgrade === undefined) {
    throw new HttpError(400, 'this needs the connection: send "Connection: Upgrade" and "Upgrade: tcp"');
  }
  await reply.upgrade(() => upgrade.accept());
}

/** Write an error in Docker's form. */
export async function writeError(
  { status, message, retryAfterSeconds }: ErrorAnswer,
  client: Client,
): Promise<void> {
  const { response } = client;
  if (response.headersSent) {
    // Streams contain their own errors. After any other error the response must not look complete.
    response.destroy();
    return;
  }
  await drainBody(client);
  response.statusCode = status;
  response.setHeader('Content-Type', jsonContentType);
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  await end(client, `${encodeJson({ message })}\n`);
}

/** Docker's CLI fails with a closed pipe if it is answered before it has sent its body. */
async function drainBody({ response, body }: Client): Promise<void> {
  try {
    await body.drain();
  } catch {
    // The body stalled, is too large, or the client went away. The reply is sent, and the connection closed.
    response.setHeader('Connection', 'close');
  }
}

/** A response that waits behind another on its connection gets no event when that closes; the client's signal does. */
async function end({ response, gone }: Client, body?: string): Promise<void> {
  if (gone.aborted) return;
  if (body !== undefined) response.setHeader('Content-Length', Buffer.byteLength(body));
  const ended = fromCallback((done) => response.end(body, () => done()));
  await resolveOnAbort(ended, gone);
}
