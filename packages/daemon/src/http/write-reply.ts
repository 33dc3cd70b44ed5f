/**
 * Writes replies and errors to a client that may vanish at any moment.
 */
import type { ServerResponse } from 'node:http';
import { fromCallback, resolveOnAbort } from '@outboard/async';
import { HttpError } from './errors.ts';
import { encodeJson } from './json.ts';
import { jsonContentType, type Reply, type UpgradedReply } from './reply.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestedUpgrade } from './upgrade.ts';

/** The client's side of an exchange. */
export interface Client {
  readonly response: ServerResponse;
  readonly body: RequestBody;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  /** Present when it asked for its connection to be handed over. */
  readonly upgrade?: RequestedUpgrade;
}

/**
 * Write a reply. Resolves when it is handed to the system or the client is gone.
 * @returns an error that the client was told of in the reply itself
 */
export async function writeReply(reply: Reply, client: Client): Promise<unknown> {
  const { response } = client;
  if ('upgrade' in reply) {
    await handOver(reply, client);
    return undefined;
  }
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  if ('write' in reply) {
    const told = await reply.write(response);
    await end(client);
    return told;
  }
  await drainBody(client);
  response.statusCode = reply.status;
  await end(client, reply.body);
  return undefined;
}

async function handOver(reply: UpgradedReply, { upgrade }: Client): Promise<void> {
  if (upgrade === undefined) {
    throw new HttpError(400, 'this needs the connection: send "Connection: Upgrade" and "Upgrade: tcp"');
  }
  await reply.upgrade(() => upgrade.accept());
}

/** Write an error in Docker's form. */
export async function writeError(status: number, message: string, client: Client): Promise<void> {
  const { response } = client;
  if (response.headersSent) {
    // Whoever streams tells of errors in the stream. What is left here must not look like a complete answer.
    response.destroy();
    return;
  }
  await drainBody(client);
  response.statusCode = status;
  response.setHeader('Content-Type', jsonContentType);
  await end(client, `${encodeJson({ message })}\n`);
}

/** Docker's CLI fails on a closed pipe when it is answered before it has sent its body. */
async function drainBody({ response, body }: Client): Promise<void> {
  try {
    await body.drain();
  } catch {
    // It stalls, never ends or is gone: answer it all the same, and let go of the connection.
    response.setHeader('Connection', 'close');
  }
}

/** A response that waits behind another on its connection is never told that the connection closed; its client's signal is. */
async function end({ response, gone }: Client, body?: string): Promise<void> {
  if (gone.aborted) return;
  if (body !== undefined) response.setHeader('Content-Length', Buffer.byteLength(body));
  const ended = fromCallback((done) => response.end(body, () => done()));
  await resolveOnAbort(ended, gone);
}
