/**
 * Requests to upgrade the connection (`Connection: Upgrade`): after the header of the response it carries bytes in both
 * directions. They pass the same checks, authorization and routes as all other requests.
 * @see RFC 9110, section 7.8; moby daemon/server/httputils, "hijack"
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';

/** The additional properties of such a request. */
export interface RequestedUpgrade {
  /** The body: exactly `Content-Length` bytes; the following bytes belong to the new protocol. */
  readonly body: Readable;
  /** Answer 101 and return the connection, which the caller ends. Nothing else may be answered afterwards. */
  accept(): Duplex;
}

/**
 * Create response and body for the event `upgrade` of a server, as the event `request` has them.
 * @param head bytes that were received after the header
 */
export function openUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): { readonly response: ServerResponse; readonly upgrade: RequestedUpgrade } {
  // Node.js no longer listens for errors on it, and one that nobody hears is thrown; the event `close` follows each.
  socket.on('error', () => undefined);
  const response = new ServerResponse(request);
  // The connection is not reused for another request.
  response.shouldKeepAlive = false;
  // `request.socket` is the same object with a more specific type.
  response.assignSocket(request.socket);
  response.once('finish', () => request.socket.destroySoon());
  if (head.length > 0) socket.unshift(head);
  return {
    response,
    upgrade: {
      body: readBody(socket, Number(request.headers['content-length'] ?? 0)),
      accept() {
        response.writeHead(101, { Connection: 'Upgrade', Upgrade: 'tcp' });
        response.flushHeaders();
        response.detachSocket(request.socket);
        return socket;
      },
    },
  };
}

/** Read the first bytes of a connection as a stream; the following bytes stay on the connection. */
function readBody(socket: Duplex, length: number): Readable {
  let left = length;
  const body = new Readable({
    read() {
      if (left > 0) socket.resume();
    },
    destroy(error, callback) {
      release();
      callback(error);
    },
  });
  const take = (chunk: Buffer): void => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    const hasRoom = body.push(part);
    if (left === 0) {
      release();
      socket.pause();
      if (part.length < chunk.length) socket.unshift(chunk.subarray(part.length));
      body.push(null);
    } else if (!hasRoom) socket.pause();
  };
  const lose = (): void => void body.destroy();
  const release = (): void => {
    socket.removeListener('data', take).removeListener('end', lose).removeListener('close', lose);
  };
  if (length === 0) body.push(null);
  else socket.on('data', take).on('end', lose).on('close', lose);
  return body;
}
