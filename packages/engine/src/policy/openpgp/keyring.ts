/**
 * Loads the OpenPGP keys of a requirement, when its policy is put in force.
 */
import type { IdentityRule, KeySource, PgpRequirement } from '../document/policy-document.ts';
import { policyError } from '../document/policy-fields.ts';
import { nameOfKey, readKey } from '../document/read-key.ts';
import { decodeArmor } from './armor.ts';
import { fingerprintOfKey, packetTags, readPackets } from './packets.ts';

/** A primary key. */
export interface PgpKey {
  /** In capital hexadecimal digits. */
  readonly fingerprint: string;
  /** Its file, or a text that stands for a key in the policy itself. */
  readonly name: string;
}

/** Loaded requirement. */
export interface PgpTrust {
  readonly identity: IdentityRule;
  /** All keys with their subkeys, in binary form one after another. */
  readonly keyring: Buffer;
  /** At least one. */
  readonly keys: readonly PgpKey[];
}

/** Load. @throws {OutboardError} invalid, code `policy-file`; system when a file cannot be read */
export async function loadPgpTrust({ identity, keys }: PgpRequirement): Promise<PgpTrust> {
  const rings = await Promise.all(keys.map(loadKeys));
  return {
    identity,
    keyring: Buffer.concat(rings.map(({ bytes }) => bytes)),
    keys: rings.flatMap((ring) => ring.keys),
  };
}

async function loadKeys(source: KeySource): Promise<{ readonly bytes: Buffer; readonly keys: PgpKey[] }> {
  const name = nameOfKey(source);
  const bytes = decodeArmor(await readKey(source));
  const packets = bytes && readPackets(bytes);
  if (bytes === undefined || packets === undefined) {
    throw policyError('', `${name} holds no OpenPGP keys, as "gpg --export" writes them`);
  }
  if (packets.some(({ tag }) => tag === packetTags.secretKey)) {
    throw policyError('', `${name} holds a secret key: want the public one, of "gpg --export"`);
  }
  const fingerprints = packets
    .filter(({ tag }) => tag === packetTags.publicKey)
    .map(({ body }) => fingerprintOfKey(body))
    .filter((fingerprint) => fingerprint !== undefined);
  if (packets[0]?.tag !== packetTags.publicKey || fingerprints.length === 0) {
    throw policyError('', `${name} holds no OpenPGP key of version 4, as "gpg --export" writes them`);
  }
  return { bytes, keys: fingerprints.map((fingerprint) => ({ fingerprint, name })) };
}
