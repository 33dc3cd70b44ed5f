/**
 * Keys and signatures of OpenPGP, made by `gpg` in a home of their own, for tests.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Reason for skipping a test; false where `gpg` is installed. */
export const needsGpg: string | false =
  spawnSync('gpg', ['--version']).status === 0 ? false : 'needs gpg, to make signatures';

/** Choices of a signature. */
export interface PgpSignOptions {
  /** Fingerprint or user of each signer. */
  readonly by: readonly string[];
  /** Further arguments for `gpg`, such as `--faked-system-time`. */
  readonly args?: readonly string[] | undefined;
}

/** A home of `gpg`. Disposing ends its agent. */
export interface PgpHome extends AsyncDisposable {
  /** Value of `GNUPGHOME`. */
  readonly directory: string;
  /** Make a key without a passphrase. @param args before the command @returns its fingerprint */
  makeKey(user: string, expires?: string, args?: readonly string[]): Promise<string>;
  /** Add a subkey for signatures, which is used from then on. */
  addSubkey(fingerprint: string): Promise<void>;
  /** Revoke a key. */
  revoke(fingerprint: string): Promise<void>;
  /** Export public keys. */
  exportKeys(fingerprints: readonly string[], ...args: readonly string[]): Promise<Buffer>;
  /** Sign a text, by default as a binary message with the text in it. */
  sign(text: string, options: PgpSignOptions): Promise<Buffer>;
}

/** Make a home. */
export async function createPgpHome(): Promise<PgpHome> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-gpg-'));
  const gpg = async (...args: readonly string[]): Promise<Buffer> => {
    const common = ['--homedir', directory, '--batch', '--yes', '--quiet', '--pinentry-mode', 'loopback'];
    const all = [...common, '--passphrase', '', '--trust-model', 'always', ...args];
    return (await run('gpg', all, { encoding: 'buffer', maxBuffer: 1024 * 1024 })).stdout;
  };
  return {
    directory,
    async makeKey(user, expires = 'never', args = []) {
      await gpg(...args, '--quick-gen-key', user, 'ed25519', 'sign', expires);
      const listed = (await gpg('--list-keys', '--with-colons', `=${user}`)).toString();
      return /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
    },
    addSubkey: async (fingerprint) => {
      await gpg('--quick-add-key', fingerprint, 'ed25519', 'sign', 'never');
    },
    async revoke(fingerprint) {
      const made = join(directory, 'openpgp-revocs.d', `${fingerprint}.rev`);
      // A colon keeps it from being imported by mistake.
      const certificate = (await readFile(made, 'utf8')).replace(':-----BEGIN', '-----BEGIN');
      await writeFile(join(directory, 'revocation'), certificate);
      await gpg('--import', join(directory, 'revocation'));
    },
    exportKeys: (fingerprints, ...args) => gpg(...args, '--export', ...fingerprints),
    async sign(text, { by, args = ['--sign'] }) {
      const file = join(directory, 'text');
      await writeFile(file, text);
      const users = by.flatMap((user) => ['--local-user', user]);
      return await gpg(...users, '--output', '-', ...args, file);
    },
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--homedir', directory, '--kill', 'all']);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The text that simple signing signs. */
export function simpleSigningText(identity: string, digest: string, change: object = {}): string {
  return JSON.stringify({
    critical: {
      type: 'atomic container signature',
      image: { 'docker-manifest-digest': digest },
      identity: { 'docker-reference': identity },
      ...change,
    },
    optional: { creator: 'test', timestamp: 1 },
  });
}
