/**
 * Addresses of daemons: `unix:///path` or `tcp://host:port`.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { currentContext, defaultContext, readContext } from './docker-context.ts';
import { findTls, type TlsClient, type TlsFlags } from './tls.ts';

/** Address of a daemon, in the form that `node:http` takes. */
export type EngineAddress = AddressNote &
  (
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number }
    | { readonly host: string; readonly port: number; readonly tls: TlsClient }
  );

/** Facts about an address for messages. */
interface AddressNote {
  /** The address as the user gave it. */
  readonly text: string;
  /** Current docker context, which is not used because nothing selected it for this program. */
  readonly unusedContext?: string;
}

/** Address of the daemon without flags and environment. */
export const defaultAddress = 'unix:///run/outboard/outboard.sock';
/** Docker's default ports. */
const defaultPort = { plain: 2375, tls: 2376 } as const;

/** Address flags of the command line. */
export interface AddressFlags extends TlsFlags {
  readonly host?: string | undefined;
  /** Name of a docker context. */
  readonly context?: string | undefined;
}

/**
 * The address from `--host` or `--context`, else from OUTBOARD_HOST, DOCKER_HOST or the context in DOCKER_CONTEXT, else the
 * default. The selection of `docker context use` is ignored, because it names the daemon of `docker`. TLS applies to TCP
 * only, as in Docker; a context has its own TLS files.
 * @throws {CommandError} for an unknown form of address, or a context that does not exist
 */
export function findAddress(flags: AddressFlags, env: CommandHost['env']): EngineAddress {
  if (flags.host && flags.context)
    throw new CommandError('conflicting options: cannot specify both --host and --context');
  const fromEnvironment = env.OUTBOARD_HOST || env.DOCKER_HOST;
  const context = flags.host ? '' : flags.context || (fromEnvironment ? '' : env.DOCKER_CONTEXT);
  if (context && context !== defaultContext) {
    const { host, tls } = readContext(context, env);
    return { ...parseAddress(host, tls), text: `${host} (docker context "${context}")` };
  }
  const named = flags.host || fromEnvironment;
  if (named) return parseAddress(named, findTls(flags, env));
  const unusedContext = context === defaultContext ? undefined : currentContext(env);
  return { ...parseAddress(defaultAddress), ...(unusedContext !== undefined && { unusedContext }) };
}

/**
 * Parse an address.
 * @param tls TLS for TCP addresses
 * @throws {CommandError} for an unknown form
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
    // URL drops the default port 80.
    const port = url.port === '' ? (/:80\/?$/.test(text) ? 80 : usual) : Number(url.port);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isBare) return { text, host, port, ...(tls === undefined ? {} : { tls }) };
  }
  if (text.startsWith('ssh://')) {
    throw new CommandError(
      `invalid host "${text}": ssh is not supported: run outboard on that host, or forward its socket, ` +
        `as with ssh -nNTL /tmp/outboard.sock:/run/outboard/outboard.sock, and use unix:///tmp/outboard.sock`,
    );
  }
  throw new CommandError(`invalid host "${text}": it must be unix:///PATH or tcp://HOST:PORT`);
}
