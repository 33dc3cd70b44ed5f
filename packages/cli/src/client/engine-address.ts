/**
 * Where the daemon is: `unix:///path` or `tcp://host:port`.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { currentContext, defaultContext, readContext } from './docker-context.ts';
import { findTls, type TlsClient, type TlsFlags } from './tls.ts';

/** Where to connect to, in the form that `node:http` takes. */
export type EngineAddress = AddressNote &
  (
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number }
    | { readonly host: string; readonly port: number; readonly tls: TlsClient }
  );

interface AddressNote {
  /** For messages. */
  readonly text: string;
  /** The context of docker that names another daemon, and that nothing asked for here. */
  readonly unusedContext?: string;
}

export const defaultAddress = 'unix:///run/outboard/outboard.sock';
/** Docker's. */
const defaultPort = { plain: 2375, tls: 2376 } as const;

/** What the command line says about the daemon. */
export interface AddressFlags extends TlsFlags {
  readonly host?: string;
  /** Name of a context of docker. */
  readonly context?: string;
}

/**
 * The address from `--host` or `--context`, else OUTBOARD_HOST, DOCKER_HOST, the context that DOCKER_CONTEXT names, and the
 * daemon's own default. What `docker context use` chose is for `docker`: where both are used, its daemon is another one. TLS
 * is for TCP only, as for Docker; a context brings its own.
 * @throws {CommandError} for an address of another kind, or a context that does not exist
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
  if (text.startsWith('ssh://')) {
    throw new CommandError(
      `invalid host "${text}": ssh is not spoken here: run outboard on that host, or forward its socket, ` +
        `as with ssh -nNTL /tmp/outboard.sock:/run/outboard/outboard.sock, and use unix:///tmp/outboard.sock`,
    );
  }
  throw new CommandError(`invalid host "${text}": it must be unix:///PATH or tcp://HOST:PORT`);
}
