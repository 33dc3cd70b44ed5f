/**
 * `outboard login`: the daemon tries the credentials at the registry, and this program stores them where docker and
 * Podman find them too.
 * @see docker/cli cli/command/registry/login.go (28.x); podman-login(1)
 */
import { text } from 'node:stream/consumers';
import { tryLogin } from '../client/auth-api.ts';
import { CommandError, DaemonError, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { findInPlace } from '../credentials/find-credentials.ts';
import {
  formatRegistryName,
  parseRegistryName,
  type RegistryName,
  serverAddress,
} from '../credentials/registry-name.ts';
import { openCredentialStore, storeCredentials } from '../credentials/store-credentials.ts';
import { askText } from '../terminal/ask-text.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { AuthFileFlag } from './auth-file-flag.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard login`. */
export interface LoginOptions extends AuthFileFlag {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Read the password from standard input. */
  readonly passwordStdin?: boolean | undefined;
}

/**
 * Log in to a registry.
 * @param server default Docker Hub
 * @throws {CommandError} if the registry refuses; nothing is stored then
 */
export async function login(
  context: CommandContext,
  server: string | undefined,
  options: LoginOptions,
): Promise<void> {
  const { client, host, signal } = context;
  const name = parseRegistryName(server ?? '');
  const find = { env: host.env, authFile: options.authfile, signal };
  // Before a question: a file that cannot be used must not cost the user a password.
  const store = await openCredentialStore(name, find);
  const given = await readFlags(host, options);
  const stored =
    given.username === undefined && given.password === undefined
      ? (await findInPlace({ ...store.place, isNamed: false }, name, find)).credentials
      : undefined;
  if (stored !== undefined && (await isStillAccepted(context, name, stored))) return;
  const pair = await completePair(host, { name, known: stored?.username, ...given }, signal);
  const token = await tryLogin(client, pair, serverAddress(name.domain)).catch((error: unknown) => {
    throw explainFailure(error, name, pair.username);
  });
  const accepted: Credentials = token === '' ? pair : { identityToken: token, username: pair.username };
  report(host, await storeCredentials(store, name, accepted, find), token !== '');
}

/** Try what is stored already, as docker does. */
async function isStillAccepted(
  { client, host }: CommandContext,
  name: RegistryName,
  stored: Credentials,
): Promise<boolean> {
  const user = stored.username ? ` [Username: ${escapeText(stored.username)}]` : '';
  host.stdout.write(`Authenticating with existing credentials...${user}\n`);
  try {
    await tryLogin(client, stored, serverAddress(name.domain));
  } catch (error) {
    if (!(error instanceof DaemonError) || error.status !== 401) throw error;
    host.stderr.write(`Login did not succeed, error: ${escapeText(messageOf(error))}\n`);
    return false;
  }
  const command = `outboard logout${name.domain === 'docker.io' ? '' : ` ${formatRegistryName(name)}`}`;
  host.stdout.write(`Login Succeeded (to use another account, type "${command}" first)\n`);
  return true;
}

interface GivenPair {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** User name and password from flags and standard input. */
async function readFlags(host: CommandHost, options: LoginOptions): Promise<GivenPair> {
  const { username, password, passwordStdin = false } = options;
  if (username === '') throw new CommandError('the user name is empty', { exitCode: 125 });
  if (password !== undefined) {
    if (passwordStdin) throw new CommandError('use either --password or --password-stdin', { exitCode: 125 });
    host.stderr.write(
      'warning: --password shows the password to other users of this host; use --password-stdin\n',
    );
  }
  if (!passwordStdin) return { username, password };
  if (username === undefined) {
    throw new CommandError('--password-stdin needs --username', { exitCode: 125 });
  }
  // As in Docker, one line end is not part of the password.
  const read = (await text(host.stdin)).replace(/\n$/, '').replace(/\r$/, '');
  if (read === '') throw new CommandError('the password on standard input is empty');
  return { username, password: read };
}

interface PairQuestion extends GivenPair {
  readonly name: RegistryName;
  /** User name of stored credentials. */
  readonly known: string | undefined;
}

/** Ask for what the flags lack. @throws {CommandError} if standard input is not a terminal */
async function completePair(
  host: CommandHost,
  { name, known, ...given }: PairQuestion,
  signal: AbortSignal,
): Promise<{ readonly username: string; readonly password: string }> {
  const { username: givenName, password: givenPassword } = given;
  if (givenName !== undefined && givenPassword !== undefined) {
    return { username: givenName, password: givenPassword };
  }
  if (host.stdin.isTTY !== true) {
    throw new CommandError(
      'cannot ask for the password because standard input is not a terminal; use --username and --password-stdin',
    );
  }
  try {
    return await askPair(host, { name, known, ...given }, signal);
  } finally {
    // An open terminal would keep the process alive.
    host.stdin.destroy();
  }
}

async function askPair(
  host: CommandHost,
  { name, known, ...given }: PairQuestion,
  signal: AbortSignal,
): Promise<{ readonly username: string; readonly password: string }> {
  if (given.username === undefined) host.stdout.write(`Log in to ${formatRegistryName(name)}\n`);
  const asked = `Username${known ? ` (${escapeText(known)})` : ''}: `;
  const username =
    given.username ??
    ((await askText(host, { prompt: asked, isSecret: false }, signal))?.trim() || (known ?? ''));
  if (username === '') throw new CommandError('the user name is empty');
  const password =
    given.password ?? (await askText(host, { prompt: 'Password: ', isSecret: true }, signal)) ?? '';
  signal.throwIfAborted();
  if (password === '') throw new CommandError('the password is empty');
  return { username, password };
}

function explainFailure(error: unknown, name: RegistryName, username: string): unknown {
  if (!(error instanceof DaemonError) || error.status !== 401) return error;
  const registry = name.domain === 'docker.io' ? 'Docker Hub' : name.domain;
  return new DaemonError(
    error.status,
    `${error.reason}; ${registry} refused user "${username}" or its password, and nothing was stored`,
  );
}

function report(
  { stdout, stderr }: CommandHost,
  { source, isEncrypted, wideMode }: Awaited<ReturnType<typeof storeCredentials>>,
  isToken: boolean,
): void {
  if (wideMode !== undefined) {
    const bits = wideMode.toString(8).padStart(4, '0');
    stderr.write(`warning: "${escapeText(source)}" was open to other users (mode ${bits}); it is 0600 now\n`);
  }
  if (!isEncrypted && !isToken) {
    stderr.write(
      `warning: the password is stored unencrypted in ${escapeText(source)}; a credential helper avoids that\n`,
    );
  }
  stdout.write('Login Succeeded\n');
}
