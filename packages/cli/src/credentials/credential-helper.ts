/**
 * Docker's credential helpers: programs that store passwords in a keychain.
 * @see docker/docker-credential-helpers v0.9, client/client.go and credentials/credentials.go
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError, codeOf, messageOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { Credentials } from './credentials.ts';

const maxOutputBytes = 1024 * 1024;
/** Long enough for a user to unlock a keychain. */
const timeoutMs = 2 * 60 * 1000;
/** User name that marks the secret as an identity token. */
const tokenUser = '<token>';

/** Environment of a helper, and cancellation. */
export interface HelperOptions {
  readonly env: CommandHost['env'];
  readonly signal: AbortSignal;
}

/**
 * Ask `docker-credential-<name>` for the credentials of a registry.
 * @param server key of the registry in the helper, such as `ghcr.io` or `https://index.docker.io/v1/`
 * @returns undefined if it has none
 * @throws {CommandError} if the program is missing, fails, or gives a malformed answer
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const program = programOf(name);
  const { code, output } = await run(program, 'get', server, options);
  if (code !== 0) {
    if (isNotFound(output)) return undefined;
    // The output may hold the secret, so the error does not quote it.
    throw failure(program, 'get', code, `to see why: echo ${server} | ${program} get`);
  }
  const answer = parseAnswer(program, output);
  const username = asText(field(answer, 'Username'));
  const secret = asText(field(answer, 'Secret'));
  if (secret === '') throw new CommandError(`${program} answered without a secret`);
  return username === tokenUser ? { identityToken: secret } : { username, password: secret };
}

/** Give a helper the credentials of a registry. @throws {CommandError} if the program is missing or fails */
export async function storeInHelper(
  name: string,
  server: string,
  credentials: Credentials,
  options: HelperOptions,
): Promise<void> {
  const program = programOf(name);
  const [Username, Secret] =
    'identityToken' in credentials
      ? [tokenUser, credentials.identityToken]
      : [credentials.username, credentials.password];
  const { code, output } = await run(
    program,
    'store',
    JSON.stringify({ ServerURL: server, Username, Secret }),
    options,
  );
  if (code !== 0) throw failure(program, 'store', code, quoteOutput(output, Secret));
}

/** Let a helper forget a registry; one that does not know it has nothing to do. @throws {CommandError} as above */
export async function eraseInHelper(name: string, server: string, options: HelperOptions): Promise<void> {
  const program = programOf(name);
  const { code, output } = await run(program, 'erase', server, options);
  if (code !== 0 && !isNotFound(output)) throw failure(program, 'erase', code, quoteOutput(output, ''));
}

function programOf(name: string): string {
  // The name is part of a program's name; with a path in it another program could run.
  if (!/^[\w.-]+$/.test(name)) throw new CommandError(`invalid credential helper name "${name}"`);
  return `docker-credential-${name}`;
}

function isNotFound(output: string): boolean {
  return output.includes('credentials not found in native keychain');
}

function failure(program: string, action: string, code: number, reason: string): CommandError {
  return new CommandError(`${program} ${action} failed with exit code ${code}${reason && `: ${reason}`}`);
}

const maxQuotedLength = 300;

/** The message of a helper, which it writes to its output, without the secret that it was given. */
function quoteOutput(output: string, secret: string): string {
  const text = secret === '' ? output : output.replaceAll(secret, '***');
  return escapeText(text.trim().slice(0, maxQuotedLength));
}

function parseAnswer(program: string, output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // The answer may hold the secret, so the error does not quote it.
    throw new CommandError(`${program} answered with something that is not JSON`);
  }
}

async function run(
  program: string,
  action: 'get' | 'store' | 'erase',
  input: string,
  { env, signal }: HelperOptions,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(program, [action], { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'], signal });
  // Not the option of spawn(), whose timer outlives a program that could not be started.
  const timer = setTimeout(() => child.kill(), timeoutMs);
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxOutputBytes) child.kill('SIGKILL');
    else chunks.push(chunk);
  });
  // If the helper does not read its input, its exit code is the error to report.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  try {
    const [code] = (await once(child, 'close')) as [number | null]; // As Node.js documents the event.
    if (bytes > maxOutputBytes)
      throw new CommandError(`${program} answered with more than ${maxOutputBytes} bytes`);
    if (code === null) {
      const why = child.killed ? `: no answer within ${timeoutMs / 1000} s` : '';
      throw new CommandError(`${program} was ended by ${child.signalCode}${why}`);
    }
    return { code, output: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw error;
    const reason = codeOf(error) === 'ENOENT' ? 'no such program in PATH' : messageOf(error);
    throw new CommandError(`cannot run ${program}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
