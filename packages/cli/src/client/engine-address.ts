/**
 * Addresses of daemons: `unix:///path`, `tcp://host:port` or `ssh://host`.
 */
import { CommandError } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { currentContext, defaultContext, readContext } from './docker-context.ts';
import { parseSshAddress, type SshTarget } from './ssh-address.ts';
import { findTls, type TlsClient, type TlsFlags } from './tls.ts';

/** Address of a daemon, in the form that `node:http` takes. */
export type EngineAddress = AddressNote &
  (
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number }
    | { readonly host: string; readonly port: number; readonly tls: TlsClient }
    | { readonly ssh: SshTarget }
  );

/** Facts about an address for messages. */
interface AddressNote {
  /** The address as the user gave it. */
  readonly text: string;
  /** True if `docker context use` selected it, and nothing that was typed. */
  readonly isCurrentContext?: true;
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
 * The address from `--host` or `--context`, else from OUTBOARD_HOST or DOCKER_HOST, else of the context in DOCKER_CONTEXT or
 * of the one that `docker context use` selected, as docker does; else, and for the context `default`, Outboard's own. TLS
 * applies to TCP only, as in Docker; a context has its own TLS files.
 * @throws {CommandError} for an unknown form of address, a context that does not exist, or a configuration of docker that
 *   cannot be read, so that its selection is unknown
 * @see docker/cli cli/command/cli.go, resolveContextName() (28.x)
 */
export function findAddress(flags: AddressFlags, env: CommandHost['env']): EngineAddress {
  if (flags.host && flags.context)
    throw new CommandError('conflicting options: cannot specify both --host and --context');
  if (flags.host) return parseAddress(flags.host, findTls(flags, env));
  if (flags.context && flags.context !== defaultContext) return contextAddress(flags.context, env);
  const named = env.OUTBOARD_HOST || env.DOCKER_HOST;
  if (named) return parseAddress(named, findTls(flags, env), { prefersDocker: !env.OUTBOARD_HOST });
  if (flags.context) return parseAddress(defaultAddress);
  const selected = env.DOCKER_CONTEXT ? undefined : currentContext(env);
  const context = env.DOCKER_CONTEXT || selected || defaultContext;
  if (context === defaultContext) return parseAddress(defaultAddress);
  return { ...contextAddress(context, env), ...(selected && { isCurrentContext: true }) };
}

function contextAddress(name: string, env: CommandHost['env']): EngineAddress {
  const { host, tls } = readContext(name, env);
  return { ...parseAddress(host, tls, { prefersDocker: true }), text: `${host} (docker context "${name}")` };
}

/**
 * Parse an address.
 * @param tls TLS for TCP addresses
 * @param options.prefersDocker on a host that SSH reaches, prefer its docker to its outboard
 * @throws {CommandError} for an unknown form
 */
export function parseAddress(
  text: string,
  tls?: TlsClient,
  { prefersDocker = false }: { readonly prefersDocker?: boolean } = {},
): EngineAddress {
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
  if (text.startsWith('ssh://')) return { text, ssh: parseSshAddress(text, prefersDocker) };
  throw new CommandError(
    `invalid host "${text}": it must be unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST[:PORT][/PATH]`,
  );
}
