/**
 * Where the daemon is: `unix:///path` or `tcp://host:port`.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../host.ts';

/** Where to connect to, in the form that `node:http` takes. */
export type EngineAddress =
  | { readonly text: string; readonly socketPath: string }
  | { readonly text: string; readonly host: string; readonly port: number };

export const defaultAddress = 'unix:///run/outboard/outboard.sock';
/** Docker's, without TLS. */
const defaultPort = 2375;

/**
 * The address from `--host`, else OUTBOARD_HOST, else DOCKER_HOST, else the daemon's own default.
 * @throws {CommandError} for an address of another kind
 */
export function findAddress(flag: string | undefined, env: CommandHost['env']): EngineAddress {
  const text = flag || env.OUTBOARD_HOST || env.DOCKER_HOST || defaultAddress;
  const address = parseAddress(text);
  if ('port' in address && env.DOCKER_TLS_VERIFY) {
    throw new CommandError(
      `cannot connect to "${text}": DOCKER_TLS_VERIFY is set, and TLS is not supported; use a unix socket, for instance one forwarded by ssh -L`,
    );
  }
  return address;
}

/** @throws {CommandError} for an address of another kind */
export function parseAddress(text: string): EngineAddress {
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
    // `http://h:80` loses its port in the parsed form.
    const port = url.port === '' ? (/:80\/?$/.test(text) ? 80 : defaultPort) : Number(url.port);
    if (isBare) return { text, host: url.hostname.replace(/^\[|\]$/g, ''), port };
  }
  throw new CommandError(`invalid host "${text}": it must be unix:///PATH or tcp://HOST:PORT`);
}
