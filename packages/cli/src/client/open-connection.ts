/**
 * One bare connection to a daemon, for bytes that are passed on.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from './engine-address.ts';

/**
 * Connect. Each direction ends by itself.
 * @throws the error of the connection; {CommandError} when a TLS file cannot be read or used
 */
export async function openConnection(address: EngineAddress, signal: AbortSignal): Promise<Duplex> {
  if ('ssh' in address) return (await import('./ssh-connection.ts')).connectBySsh(address.ssh, address.text);
  if ('tls' in address) {
    const [tls, { readTlsOptions }] = await Promise.all([import('node:tls'), import('./tls-options.ts')]);
    const { host, port } = address;
    const options = { host, port, servername: host, allowHalfOpen: true };
    const secure = tls.connect(Object.assign(options, await readTlsOptions(address.tls)));
    await once(secure, 'secureConnect', { signal });
    return secure;
  }
  const place =
    'socketPath' in address ? { path: address.socketPath } : { host: address.host, port: address.port };
  const socket = connect({ ...place, allowHalfOpen: true });
  await once(socket, 'connect', { signal });
  return socket;
}
