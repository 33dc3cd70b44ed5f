/**
 * Errors of proxies, which say that a proxy refused and not the registry.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';
import type { ProxyServer } from '../../configuration/proxies.ts';
import { errorCode, isTransientFault, isTransientStatus, TransientFailure } from '../failures/retry.ts';

/**
 * The error for a proxy that does not let a request through.
 * @param target host and port behind the proxy; absent if they are not its reason
 */
export function proxyRefusal(
  { url, authorization }: ProxyServer,
  status: number,
  target = '',
): OutboardError | TransientFailure {
  const towards = target === '' ? '' : ` to connect to ${target}`;
  const isTransient = isTransientStatus(status);
  const error = new OutboardError(
    isTransient ? 'unavailable' : 'forbidden',
    `the proxy ${url.origin} refused${towards} with status ${status}: ${reasonOf(status, authorization !== undefined)}`,
    { details: { proxy: url.origin, status } },
  );
  return isTransient ? new TransientFailure(error) : error;
}

/** The error for a proxy that cannot be used. @param reason words, or the error of the connection to it */
export function proxyFault({ url }: ProxyServer, reason: string | Error): Error {
  const code = reason instanceof Error ? errorCode(reason) : undefined;
  const words = typeof reason === 'string' ? reason : reason.message.trim() || code;
  const error = new OutboardError('unavailable', `the proxy ${url.origin} cannot be used: ${words}`, {
    cause: reason instanceof Error ? reason : undefined,
    details: { proxy: url.origin },
  });
  return typeof reason === 'string' || isTransientFault(reason) ? new TransientFailure(error) : error;
}

function reasonOf(status: number, hasCredentials: boolean): string {
  if (status === 407) {
    return hasCredentials
      ? 'it does not accept the user name and password in the setting of the proxy'
      : 'it requires a user name and password; write them into the setting of the proxy, as http://USER:PASSWORD@HOST:PORT';
  }
  if (status === 403) return 'it does not permit this host; hosts that need no proxy belong in no-proxy';
  if (isTransientStatus(status))
    return 'it may not reach the host itself; hosts that need no proxy belong in no-proxy';
  return 'it may be no HTTP proxy, or not permit tunnels';
}
