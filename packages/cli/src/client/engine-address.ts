/**
 * Where the daemon is: `unix:///path` or `tcp://host:port`.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../host.ts';
import { findTls, type TlsClient, type TlsFlags } from './tls.ts';

/** Where to connect to, in the form that `node:http` takes. */
export type EngineAddress =
  | { readonly text: string; readonly socketPath: string }
  | { readonly text: string; readonly host: string; readonly port: number }
  | { readonly text: string; readonly host: string; readonly port: number; readonly tls: TlsClient };

export const defaultAddress = 'unix:///run/outboard/outboard.sock';
/** Docker's. */
const defaultPort = { plain: 2375, tls: 2376 } as const;

/** What the command line says about the daemon. */
export interface AddressFlags extends TlsFlags {
  readonly host?: string;
}

/**
 * The address from `--host`, else OUTBOARD_HOST, else DOCKER_HOST, else the daemon's own default. TLS is for TCP only, as
 * for Docker.
 * @throws {CommandError} for an address of another kind
 */
export function findAddress(flags: AddressFlags, env: CommandHost['env']): EngineAddress {
  const text = flags.host || env.OUTBOARD_HOST || env.DOCKER_HOST || defaultAddress;
  return parseAddress(text, findTls(flags, env));
}

/**
 * @param tls how to speak TLS if the address is TCP
 * @throws {CommandError} for an address of another kind
 */
export function parseAddress(text: string, tls?: TlsClient): EngineAddress {
  if (text.startsWith('unix://')) {
    const socketPath = text.slice('unix://'.length);
    if (socketPath.startsWith('/') && !socketPath.includes('\0')) return { text, socketPath };
  } else if (text.startsWith('tcp://') && URL.canParse(`http://${text.slice('tcp://'.length)}`)) {
    const url = new URL(`http://${text.slice('tcp://'.length)}`);
    const isBare =
      url.username === '' &&
      url.password === '' &&
      url.search === '' &&
      url.hash === '' &&
      url.pathname === '/';
    const usual = defaultPort[tls === undefined ? 'plain' : 'tls'];
    // `http://h:80` loses its port in the parsed form.
    const port = url.port === '' ? (/:80\/?$/.test(text) ? 80 : usual) : Number(url.port);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isBare) return { text, host, port, ...(tls === undefined ? {} : { tls }) };
  }
  throw new CommandError(`invalid host "${text}": it must be unix:///PATH or tcp://HOST:PORT`);
}
