/**
 * Credential helpers: programs that keep passwords in a keychain.
 * @see docker/docker-credential-helpers v0.9, client/client.go and credentials/credentials.go
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CommandError, codeOf } from '../command-error.ts';
import type { CommandHost } from '../command-host.ts';
import { asText, field } from '../json-field.ts';
import type { Credentials } from './credentials.ts';

const maxOutputBytes = 1024 * 1024;
/** A keychain may ask its user to unlock it. */
const timeoutMs = 2 * 60 * 1000;
/** The user name that stands for "the secret is an identity token". */
const tokenUser = '<token>';

/**
 * Ask `docker-credential-<name>` for the credentials of a registry.
 * @param server as the helper knows it, such as `ghcr.io` or `https://index.docker.io/v1/`
 * @returns undefined if it has none
 * @throws {CommandError} if there is no such program, it fails, or its answer is not understood
 */
export async function askCredentialHelper(
  name: string,
  server: string,
  { env, signal }: { readonly env: CommandHost['env']; readonly signal: AbortSignal },
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  // The name becomes a program's; a path in it would start something else.
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
    // Not quoted in the error: it may hold the secret.
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
  // A helper that does not read its input ends with its own error, which is the better one.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close').catch((error) => {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such program in PATH' : error.message;
    throw new CommandError(`cannot run ${program}: ${reason}`, { cause: error });
  })) as [number | null]; // as Node.js documents the event
  if (bytes > maxOutputBytes)
    throw new CommandError(`${program} answered with more than ${maxOutputBytes} bytes`);
  if (code === null) {
    const why = child.killed ? `: it did not answer within ${timeoutMs / 1000} s` : '';
    throw new CommandError(`${program} was ended by ${child.signalCode}${why}`);
  }
  return { code, output: Buffer.concat(chunks).toString('utf8') };
}
