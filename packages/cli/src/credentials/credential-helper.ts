/**
 * Docker's credential helpers: programs that store passwords in a keychain.
 * @see docker/docker-credential-helpers v0.9, client/client.go and credentials/credentials.go
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError, codeOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import type { Credentials } from './credentials.ts';

const maxOutputBytes = 1024 * 1024;
/** Long enough for a user to unlock a keychain. */
const timeoutMs = 2 * 60 * 1000;
/** User name that marks the secret as an identity token. */
const tokenUser = '<token>';

/**
 * Ask `docker-credential-<name>` for the credentials of a registry.
 * @param server key of the registry in the helper, such as `ghcr.io` or `https://index.docker.io/v1/`
 * @returns undefined if it has none
 * @throws {CommandError} if the program is missing, fails, or gives a malformed answer
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  { env, signal }: { readonly env: CommandHost['env']; readonly signal: AbortSignal },
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  // The name is part of a program's name; with a path in it another program could run.
  if (!/^[\w.-]+$/.test(name)) throw new CommandError(`invalid credential helper name "${name}"`);
  const { code, output } = await run(program, server, env, signal);
  if (code !== 0) {
    if (output.includes('credentials not found in native keychain')) return undefined;
    throw new CommandError(`${program} failed with exit code ${code}`);
  }
  const answer = parseAnswer(output);
  const username = asText(field(answer, 'Username'));
  const secret = asText(field(answer, 'Secret'));
  if (secret === '') throw new CommandError(`${program} answered without a secret`);
  return username === tokenUser ? { identityToken: secret } : { username, password: secret };
}

function parseAnswer(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // The answer may hold the secret, so the error does not quote it.
    throw new CommandError('the credential helper answered with something that is not JSON');
  }
}

async function run(
  program: string,
  input: string,
  env: CommandHost['env'],
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(program, ['get'], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: timeoutMs,
    signal,
  });
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
  const [code] = (await once(child, 'close').catch((error) => {
    const reason = codeOf(error) === 'ENOENT' ? 'no such program in PATH' : error.message;
    throw new CommandError(`cannot run ${program}: ${reason}`, { cause: error });
  })) as [number | null]; // The arguments of the event, as Node.js documents them.
  if (bytes > maxOutputBytes)
    throw new CommandError(`${program} answered with more than ${maxOutputBytes} bytes`);
  if (code === null) {
    const why = child.killed ? `: no answer within ${timeoutMs / 1000} s` : '';
    throw new CommandError(`${program} was ended by ${child.signalCode}${why}`);
  }
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}
