import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createRegistryClient, type Descriptor, digestOf, mediaTypes, parseReference } from '@outboard/oci';
import pino from 'pino';
import { createPgpHome, needsGpg, type PgpHome, simpleSigningText } from '../../testing/pgp-signer.ts';
import { openSignaturePolicy } from '../open-signature-policy.ts';

const remote = 'registry.test/acme/plugin:v1';
const past = ['--faked-system-time', '20240110T000000'];
const subject = (text: string): Descriptor => ({
  mediaType: mediaTypes.dockerManifest,
  digest: digestOf(Buffer.from(text)),
  size: text.length,
});
const manifest = subject('manifest');
const { digest } = manifest;
const text = simpleSigningText(remote, digest);

/** Choices of a check; all others are fields of the requirement. */
interface CheckChoices {
  readonly reference?: string;
  readonly index?: Descriptor;
  readonly signedIdentity?: object;
  readonly keyPaths?: undefined;
  readonly keyDatas?: readonly string[];
}

describe('a signature of OpenPGP', { skip: needsGpg }, () => {
  let gpg: PgpHome;
  let home: string;
  let key: string;
  let expired: string;
  let foreign: string;

  before(async () => {
    gpg = await createPgpHome();
    home = await mkdtemp(join(tmpdir(), 'outboard-pgp-'));
    key = await gpg.makeKey('Acme <release@acme.test>');
    foreign = await gpg.makeKey('Other <other@acme.test>');
    expired = await gpg.makeKey('Old <old@acme.test>', '2024-02-01', past.with(1, '20240101T000000'));
  });

  after(async () => {
    await gpg[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  /** Put signatures into an empty store. */
  async function store(signatures: readonly Buffer[], of = digest, path = 'acme/plugin') {
    await rm(join(home, 'store'), { recursive: true, force: true });
    const directory = join(home, 'store', `${path}@${of.replace(':', '=')}`);
    await mkdir(directory, { recursive: true });
    for (const [index, signature] of signatures.entries()) {
      await writeFile(join(directory, `signature-${index + 1}`), signature);
    }
  }

  /** Check with these keys. */
  async function check(keys: readonly Buffer[], { reference = remote, index, ...more }: CheckChoices = {}) {
    const keyPaths = keys.map((_key, number) => join(home, `${number}.gpg`));
    for (const [number, bytes] of keys.entries()) await writeFile(join(home, `${number}.gpg`), bytes);
    const requirement = { type: 'signedBy', keyType: 'GPGKeys', keyPaths, ...more };
    await writeFile(join(home, 'policy.json'), JSON.stringify({ default: [requirement] }));
    const lookasideDirectory = join(home, 'registries.d');
    await mkdir(lookasideDirectory, { recursive: true });
    const places = `default-docker:\n  lookaside: file://${join(home, 'store')}\n`;
    await writeFile(join(lookasideDirectory, 'default.yaml'), places);
    const scratchDirectory = join(home, 'scratch');
    await mkdir(scratchDirectory, { recursive: true });
    await using files = createRegistryClient();
    const policy = await openSignaturePolicy(
      { path: join(home, 'policy.json'), lookasideDirectory },
      { logger: pino({ level: 'silent' }), files, scratchDirectory },
    );
    const parsed = parseReference(reference);
    try {
      const verification = await policy.check({
        ...{ reference: parsed, reader: files.repository(parsed), manifest, index },
      });
      return verification?.signatures ?? [];
    } finally {
      assert.deepEqual(await readdir(scratchDirectory), []);
    }
  }

  test('is accepted by its key, with name, time and place', async () => {
    await store([await gpg.sign(text, { by: [key] })]);
    const [signature] = await check([await gpg.exportKeys([key])]);
    assert.ok(signature);
    const { signedAt, ...rest } = signature;
    assert.ok(signedAt && Math.abs(signedAt.getTime() - Date.now()) < 600_000);
    assert.deepEqual(rest, { kind: 'pgp', key, identity: remote, digest, storage: 'lookaside' });
  });

  test('is accepted by armoured keys, by several in one file, and by the last of several files', async () => {
    await store([await gpg.sign(text, { by: [key] })]);
    const [one, all] = [await gpg.exportKeys([key], '--armor'), await gpg.exportKeys([foreign, key])];
    const other = await gpg.exportKeys([foreign], '--armor');
    for (const keys of [[one], [all], [other, one], [Buffer.concat([other, one])]]) {
      assert.equal((await check(keys)).length, 1);
    }
    const keyDatas = [one.toString('base64')];
    assert.equal((await check([], { keyPaths: undefined, keyDatas })).length, 1);
  });

  test('is accepted when a subkey made it, under the fingerprint of the key', async () => {
    const owner = await gpg.makeKey('Sub <sub@acme.test>');
    await gpg.addSubkey(owner);
    await store([await gpg.sign(text, { by: [owner] })]);
    const [signature] = await check([await gpg.exportKeys([owner])]);
    assert.equal(signature?.key, owner);
  });

  test('counts beside others that do not', async () => {
    const wrong = [await gpg.sign(text, { by: [foreign] }), Buffer.from('none')];
    await store([...wrong, await gpg.sign(text, { by: [key] })]);
    assert.equal((await check([await gpg.exportKeys([key])])).length, 1);
  });

  test('of the index covers its manifests', async () => {
    const index = subject('index');
    await store([await gpg.sign(simpleSigningText(remote, index.digest), { by: [key] })], index.digest);
    const [signature] = await check([await gpg.exportKeys([key])], { index });
    assert.equal(signature?.digest, index.digest);
  });

  test('is for the name that the rule of the policy wants', async () => {
    await store([await gpg.sign(text, { by: [key] })]);
    const keys = [await gpg.exportKeys([key])];
    const moved = { reference: 'registry.test/acme/plugin:v2' };
    await assert.rejects(check(keys, moved), { message: /it is for "registry.test\/acme\/plugin:v1", not/ });
    const signedIdentity = { type: 'matchRepository' };
    assert.equal((await check(keys, { ...moved, signedIdentity })).length, 1);
    await store([await gpg.sign(text, { by: [key] })], digest, 'acme/other');
    const other = { reference: 'registry.test/acme/other:v1' };
    await assert.rejects(check(keys, { ...other, signedIdentity }), { message: /does not count: it is for/ });
    const remapped = {
      type: 'remapIdentity',
      prefix: 'registry.test/acme/other',
      signedPrefix: 'registry.test/acme/plugin',
    };
    assert.equal((await check(keys, { ...other, signedIdentity: remapped })).length, 1);
  });

  test('that is missing is told with the place in which it was looked for', async () => {
    await store([]);
    await assert.rejects(check([await gpg.exportKeys([key])]), {
      kind: 'forbidden',
      code: 'policy',
      message:
        /it is not signed: there is no signature in file:\/\/.*\/store\/acme\/plugin; want .* by .*0\.gpg \([0-9A-F]{40}\)$/,
    });
  });

  for (const [title, make, message] of [
    [
      'of a foreign key',
      () => gpg.sign(text, { by: [foreign] }),
      /was made by another key \(key [0-9A-F]{16}\)/,
    ],
    [
      'of a key that has expired since',
      () => gpg.sign(text, { by: [expired], args: [...past, '--sign'] }),
      /was made by a key that has expired/,
    ],
    [
      'that has expired itself',
      () => gpg.sign(text, { by: [expired], args: [...past, '--default-sig-expire', '1d', '--sign'] }),
      /expired/,
    ],
    [
      'that was changed',
      async () => {
        const plain = await gpg.sign(text, { by: [key], args: ['--compress-level', '0', '--sign'] });
        return Buffer.from(plain.toString('latin1').replace('plugin:v1', 'plugin:v9'), 'latin1');
      },
      /does not verify: its content was changed/,
    ],
    [
      'of another manifest',
      () => gpg.sign(simpleSigningText(remote, subject('other').digest), { by: [key] }),
      /is for sha256:\w+, not for sha256:/,
    ],
    [
      'of another kind',
      () =>
        gpg.sign(simpleSigningText(remote, digest, { type: 'cosign container image signature' }), {
          by: [key],
        }),
      /not "atomic container signature"/,
    ],
    [
      'with a critical field that is unknown',
      () => gpg.sign(simpleSigningText(remote, digest, { until: 'tomorrow' }), { by: [key] }),
      /unknown critical field "until"/,
    ],
    [
      'beside its text',
      () => gpg.sign(text, { by: [key], args: ['--detach-sign'] }),
      /is no message of OpenPGP/,
    ],
    ['in clear text', () => gpg.sign(text, { by: [key], args: ['--clear-sign'] }), /is no binary message/],
    ['by two at once', () => gpg.sign(text, { by: [key, foreign] }), /has several signatures/],
    [
      'by SHA-1',
      () => gpg.sign(text, { by: [key], args: ['--digest-algo', 'SHA1', '--sign'] }),
      /not supported/,
    ],
    ['without one', () => gpg.sign(text, { by: [], args: ['--store'] }), /is no signed message/],
    ['of no JSON', () => gpg.sign('yes', { by: [key] }), /has a malformed payload/],
    ['that is huge', () => gpg.sign(' '.repeat(1024 * 1024), { by: [key] }), /wrote more than \d+ bytes/],
    ['of no bytes', async () => Buffer.alloc(0), /is no binary message/],
  ] as const) {
    test(`${title} is refused`, async () => {
      await store([await make()]);
      const keys = [await gpg.exportKeys(title.includes('expired') ? [key, expired] : [key])];
      await assert.rejects(check(keys), { kind: 'forbidden', code: 'policy', message });
    });
  }

  test('of a key that was revoked since is refused', async () => {
    const revoked = await gpg.makeKey('Lost <lost@acme.test>');
    await store([await gpg.sign(text, { by: [revoked] })]);
    assert.equal((await check([await gpg.exportKeys([revoked])])).length, 1);
    await gpg.revoke(revoked);
    const keys = [await gpg.exportKeys([revoked])];
    await assert.rejects(check(keys), { message: /was made by a key that is revoked/ });
  });

  test('needs keys that can be read when the policy is put in force', async () => {
    for (const [bytes, message] of [
      [Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'), /holds no OpenPGP keys/],
      [(await gpg.exportKeys([key])).subarray(0, 60), /holds no OpenPGP keys/],
      [await gpg.sign(text, { by: [key] }), /holds no OpenPGP key/],
      [Buffer.from([0x94, 0]), /holds a secret key/],
      [Buffer.alloc(0), /holds no OpenPGP keys/],
    ] as const) {
      await assert.rejects(check([bytes]), { kind: 'invalid', code: 'policy-file', message });
    }
  });
});
