/**
 * The pool of connections to one daemon, with or without TLS.
 */
import { Agent, type ClientRequest, type RequestOptions, request } from 'node:http';
import type { EngineAddress } from './engine-address.ts';
import type { SshTarget } from './ssh-address.ts';
import type { TlsClient } from './tls.ts';

/** Sends requests over pooled connections. */
export interface Transport {
  request(options: RequestOptions): ClientRequest;
  /** Close all connections. */
  close(): void;
}

/** Connections are kept for the next request. The limit is above the number of parallel requests of any command. */
const pooling = { keepAlive: true, maxSockets: 4 } as const;
/** Without TLS no server name is needed; Node.js would derive one, which compiles large regular expressions. */
const plainPooling = { ...pooling, servername: '' } as const;

/**
 * Open a transport; the first request connects. Modules for TLS are loaded only if the address needs them.
 * @throws {CommandError} when a TLS file cannot be read or used
 */
export async function openTransport(address: EngineAddress): Promise<Transport> {
  if ('tls' in address) return await openTlsTransport(address.tls);
  if ('ssh' in address) return await openSshTransport(address.ssh, address.text);
  const agent = new Agent(plainPooling);
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

/** Each connection of the pool is a process of ssh. */
async function openSshTransport(target: SshTarget, text: string): Promise<Transport> {
  const { connectBySsh } = await import('./ssh-connection.ts');
  const agent = Object.assign(new Agent(plainPooling), {
    createConnection: () => connectBySsh(target, text),
  });
  return {
    request: (options) => request({ ...options, agent }),
    close: () => agent.destroy(),
  };
}
