/**
 * A forward proxy, as `HTTPS_PROXY` names it: it tunnels to registries on this host under names of the test's choice.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TestCertificate } from '@outboard/oci/testing';

/** Requests of clients to a proxy, such as `CONNECT registry.example:443`. */
export interface TestProxy extends AsyncDisposable {
  readonly host: string;
  readonly requests: readonly string[];
}

/** A proxy that resolves names by a table, and may demand user name and password. */
export async function startProxy(
  hosts: Readonly<Record<string, string>>,
  { login, tls }: { readonly login?: string; readonly tls?: TestCertificate } = {},
): Promise<TestProxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const isAllowed = ({ headers }: IncomingMessage) =>
    login === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`;
  const server =
    tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.key });
  server.on('request', (incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : undefined;
    const target = url && hosts[url.host];
    if (!isAllowed(incoming)) response.writeHead(407).end();
    else if (url === undefined || target === undefined) response.writeHead(502).end();
    else {
      forward(incoming, response, target, `${url.pathname}${url.search}`);
    }
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    requests.push(`CONNECT ${incoming.url}`);
    sockets.add(socket);
    const target = hosts[incoming.url ?? ''];
    if (!isAllowed(incoming)) socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    else if (target === undefined) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else {
      const [hostname = '', port] = target.split(':');
      const onward = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      sockets.add(onward);
      for (const [each, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        each.on('error', () => other.destroy());
        each.on('close', () => other.destroy());
      }
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    host: `127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Send a request with a whole URL onward. @param target `ADDRESS:PORT` */
function forward(incoming: IncomingMessage, response: ServerResponse, target: string, path: string): void {
  const { 'proxy-authorization': _, ...headers } = incoming.headers;
  const [hostname, port] = target.split(':');
  const outgoing = request({ hostname, port, path, method: incoming.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}
