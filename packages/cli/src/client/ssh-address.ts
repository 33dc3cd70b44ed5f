/**
 * Addresses of daemons on other hosts that SSH reaches: `ssh://[USER@]HOST[:PORT][/PATH]`.
 * @see docker/cli cli/connhelper/ssh, cli/connhelper/commandconn (28.x)
 */
import { CommandError } from '../command-error.ts';

/** A host for `ssh`, and a daemon there. */
export interface SshTarget {
  readonly user?: string | undefined;
  readonly host: string;
  readonly port?: number | undefined;
  /** Socket of the daemon on that host; default: the daemon that the program there uses by itself. */
  readonly socketPath?: string | undefined;
  /** True where the docker command line would go: its program comes first on a host that has both. */
  readonly prefersDocker: boolean;
}

/** Nothing that a shell or ssh reads as more than a name. */
const [userName, hostName, socketName] = [
  /^[A-Za-z0-9_][\w.@+-]*\$?$/,
  /^[A-Za-z0-9_:][\w.:%-]*$/,
  /^\/[\w@%+=:,./-]+$/,
];
const form = 'it must be ssh://[USER@]HOST[:PORT][/PATH-OF-SOCKET]';

/** Parse an address. @throws {CommandError} for another form */
export function parseSshAddress(text: string, prefersDocker: boolean): SshTarget {
  const refuse = (reason: string) => new CommandError(`invalid host "${text}": ${reason}`);
  if (!URL.canParse(text)) throw refuse(form);
  const { username, password, hostname, port, pathname, search, hash } = new URL(text);
  if (password !== '') {
    // The address itself would show it.
    throw new CommandError('invalid host: an ssh:// address takes no password; use a key or an agent of ssh');
  }
  const host = hostname.replace(/^\[|\]$/g, '');
  const socketPath = pathname === '' || pathname === '/' ? undefined : pathname;
  if (search !== '' || hash !== '' || !hostName.test(host)) throw refuse(form);
  if (username !== '' && !userName.test(username)) throw refuse(`${form}, and "${username}" is no user name`);
  if (socketPath !== undefined && !socketName.test(socketPath)) {
    throw refuse('the path of the socket may have letters, digits and @%+=:,._-/ only');
  }
  return {
    host,
    prefersDocker,
    ...(username !== '' && { user: username }),
    ...(port !== '' && { port: Number(port) }),
    ...(socketPath !== undefined && { socketPath }),
  };
}

/** Arguments of `ssh`. It never asks: a question would come once for each connection, and scripts cannot answer. */
export function sshArguments(target: SshTarget): readonly string[] {
  const { user, host, port } = target;
  return [
    ...['-T', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30', '-o', 'ServerAliveInterval=30'],
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['--', host, remoteCommand(target)],
  ];
}

/** Starts the program that the host has. One word for `sh`, because the user's shell there may be another. */
function remoteCommand({ socketPath, prefersDocker }: SshTarget): string {
  const host = socketPath === undefined ? '' : ` --host unix://${socketPath}`;
  const programs = [
    ['outboard', `outboard${host} dial-stdio`],
    ['docker', `docker${host} system dial-stdio`],
  ];
  if (prefersDocker) programs.reverse();
  const attempts = programs.map(([name, words]) => `command -v ${name} >/dev/null 2>&1 && exec ${words}`);
  const otherwise = 'echo "neither outboard nor docker is in the PATH of this host" >&2; exit 127';
  return `sh -c '${[...attempts, otherwise].join('; ')}'`;
}
