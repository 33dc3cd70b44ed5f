/**
 * Requests that ask for their connection to be handed over (`Connection: Upgrade`): after the answer's header bytes go
 * both ways. They take the same way through guard, authorization and routes as all others.
 * @see RFC 9110, section 7.8; moby daemon/server/httputils, "hijack"
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';

/** What such a request has beside others. */
export interface RequestedUpgrade {
  /** The bytes of its body: as many as `Content-Length` says, since what follows them is for the new protocol. */
  readonly body: Readable;
  /** Answer 101 and take the connection over. Nothing else may be answered then; whoever takes it ends it. */
  accept(): Duplex;
}

/**
 * Make of the event `upgrade` of a server what the event `request` has.
 * @param head what came after the header
 */
export function openUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): { readonly response: ServerResponse; readonly upgrade: RequestedUpgrade } {
  const response = new ServerResponse(request);
  // Nothing after such a request can be taken for another one.
  response.shouldKeepAlive = false;
  // In a server of node:http it is the socket of the connection.
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

/** The first bytes of a connection, as a stream of their own; what follows stays on the connection. */
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
