/**
 * Tunnels through an HTTP proxy, for connections with TLS to a host behind it.
 * @see RFC 9110, 9.3.6
 */
import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { buildConnector } from 'undici';
import { hostnameOf } from '../hosts/addresses.ts';
import { connectTimeoutMs } from './connect-rules.ts';
import type { RouteProxy } from './http-request.ts';
import { proxyFault, proxyRefusal } from './proxy-refusal.ts';

/** TLS of the connection to the proxy itself. */
export interface ProxyTls {
  readonly secureContext?: SecureContext | undefined;
}

/**
 * Make a connector that opens a tunnel for each connection.
 * @param direct does TLS on the tunnel
 */
export function connectThrough(
  proxy: RouteProxy,
  tls: ProxyTls,
  direct: buildConnector.connector,
): buildConnector.connector {
  return (target, callback) => {
    openTunnel(proxy, tls, `${target.hostname}:${target.port || '443'}`, (outcome) => {
      if (outcome instanceof Error) callback(outcome, null);
      else direct({ ...target, httpSocket: outcome }, callback);
    });
  };
}

/** @param target host and port behind the proxy @param done called once */
function openTunnel(
  proxy: RouteProxy,
  tls: ProxyTls,
  target: string,
  done: (outcome: Socket | Error) => void,
): void {
  const request = askForTunnel(proxy, tls, target);
  const fail = (error: Error) => {
    request.destroy();
    done(error);
  };
  request.setTimeout(connectTimeoutMs, () =>
    fail(proxyFault(proxy, `no answer in ${connectTimeoutMs / 1000} s`)),
  );
  request.once('error', (error) => fail(proxyFault(proxy, error)));
  request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
    request.removeAllListeners('error').on('error', () => {}); // the tunnel has its own listeners from here on
    socket.setTimeout(0);
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      done(proxyRefusal(proxy, statusCode, target));
      return;
    }
    if (head.length > 0) socket.unshift(head);
    done(socket);
  });
  request.end();
}

function askForTunnel({ url, authorization }: RouteProxy, tls: ProxyTls, target: string): ClientRequest {
  const options = {
    method: 'CONNECT',
    host: hostnameOf(url),
    port: url.port || (url.protocol === 'https:' ? 443 : 80),
    path: target,
    headers: { host: target, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
    agent: false as const,
  };
  if (url.protocol === 'http:') return httpRequest(options);
  // By default the name to verify is that of the Host header, which is the target's. An address is no server name.
  return httpsRequest({ ...options, ...tls, servername: isIP(options.host) === 0 ? options.host : '' });
}
