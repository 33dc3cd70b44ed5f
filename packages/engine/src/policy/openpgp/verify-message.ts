/**
 * Verifies a signed message of OpenPGP with `gpgv`: GnuPG's part for verification with given keys only. It has no agent, asks
 * no network, and reads no keyring but this one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cancellable } from '@outboard/async';
import { findBinary, runProgram } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import { SignatureProblem } from '../document/signature-problem.ts';
import { type PgpSigner, readStatusLines } from './status-lines.ts';

/** A message whose signature is valid. */
export interface VerifiedMessage extends PgpSigner {
  /** The signed bytes. */
  readonly payload: Buffer;
}

/** Place and end of a verification. */
export interface VerifyMessageOptions extends Cancellable {
  /** Existing directory for temporary files, which only this user reads. */
  readonly scratchDirectory: string;
}

/** Verification takes milliseconds; a message may be made to take longer. */
const timeoutMs = 10_000;

/**
 * Verify.
 * @param message in binary form, with the signed content in it
 * @param keyring keys in binary form
 * @throws {SignatureProblem} when the signature is not valid now; OutboardError of kind system, code `program-missing`
 */
export async function verifyMessage(
  message: Buffer,
  keyring: Buffer,
  { scratchDirectory, signal }: VerifyMessageOptions,
): Promise<VerifiedMessage> {
  if (((message[0] ?? 0) & 0x80) === 0) throw new SignatureProblem('is no binary message of OpenPGP');
  const gpgv = await findBinary('gpgv');
  const directory = await mkdtemp(join(scratchDirectory, 'gpgv-'));
  try {
    const ring = join(directory, 'keyring');
    await writeFile(ring, keyring, { mode: 0o600 });
    const files = ['--homedir', directory, '--keyring', ring, '--log-file', '/dev/null'];
    // With a collision of SHA-1 one text is signed and another one shown.
    const args = ['--weak-digest', 'SHA1', '--status-fd', '2', '--output', '-', '--', '-'];
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
    const result = await runProgram(gpgv, [...files, ...args], { input: message, env, timeoutMs, signal });
    const signer = readStatusLines(result.stderr);
    if (result.code !== 0) throw new SignatureProblem('is not valid');
    return { ...signer, payload: Buffer.from(result.stdout) };
  } catch (error) {
    signal?.throwIfAborted();
    // It ran for too long, or wrote too much: that is the message's fault.
    if (isOutboardError(error, 'system') && error.code === undefined) {
      throw new SignatureProblem(`cannot be verified: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
