/**
 * Where requests go: a pool of connections to one daemon.
 */
import { Agent, type ClientRequest, type RequestOptions, request } from 'node:http';
import type { EngineAddress } from './engine-address.ts';
import type { TlsClient } from './tls.ts';

/** Connections that requests are sent on. */
export interface Transport {
  request(options: RequestOptions): ClientRequest;
  /** End all connections. */
  close(): void;
}

/** Above what commands send at once; kept open from one request to the next. */
const pooling = { keepAlive: true, maxSockets: 4 } as const;

/**
 * Ready the connections to a daemon; none is made yet. What TLS needs is loaded only for it.
 * @throws {CommandError} when a file of TLS cannot be read or used
 */
export async function openTransport(address: EngineAddress): Promise<Transport> {
  if ('tls' in address) return await openTlsTransport(address.tls);
  const agent = new Agent(pooling);
  return {
    request: (options) => request({ ...options, agent }),
    close: () => agent.destroy(),
  };
}

async function openTlsTransport(tls: TlsClient): Promise<Transport> {
  const [https, { readTlsOptions }] = await Promise.all([import('node:https'), import('./tls-options.ts')]);
  const agent = new https.Agent({ ...pooling, ...(await readTlsOptions(tls)) });
  return {
    request: (options) => https.request({ ...options, agent }),
    close: () => agent.destroy(),
  };
}
