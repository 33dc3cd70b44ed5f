/**
 * A signature policy before a real registry, which lists no referrers: their list is kept under a tag. One daemon, and the
 * command line.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  mediaTypes,
  parseReference,
  type Repository,
} from '@outboard/oci';
import { makeSigningKey, putCosignSignature } from '../support/cosign-signature.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard } from '../support/outboard-program.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const [key, foreign] = [makeSigningKey(), makeSigningKey()];

describe('a signature policy before a registry', { skip: needsRoot }, () => {
  let home: string;
  let registry: TestRegistry;
  let daemon: TestDaemon;
  let repository: Repository;
  let remote: string;
  let manifest: Descriptor;
  const stack: (() => Promise<unknown>)[] = [];

  const run = (...args: string[]) => outboard(args, { cwd: home, socket: daemon.socket });

  async function writePolicy(requirement: unknown): Promise<void> {
    const policy = {
      default: [{ type: 'insecureAcceptAnything' }],
      transports: { docker: { [registry.host]: [requirement] } },
    };
    await writeFile(
      join(home, 'policy.json'),
      typeof requirement === 'string' ? requirement : JSON.stringify(policy),
    );
  }

  async function reload(message: RegExp): Promise<void> {
    process.kill(daemon.pid, 'SIGHUP');
    await daemon.untilLogged(message);
  }

  before(async () => {
    const made = await makeDaemonHome();
    home = made.home;
    stack.push(made.remove);
    registry = await startRegistry();
    stack.push(() => registry.stop());
    await writePolicy({ type: 'insecureAcceptAnything' });
    await writeFile(join(home, 'key.pub'), key.publicPem);
    await writeFile(join(home, 'foreign.pub'), foreign.publicPem);
    const places = ['--lookaside-dir', join(home, 'registries.d')];
    daemon = await startDaemon({
      home,
      args: ['--signature-policy', join(home, 'policy.json'), ...places],
    });
    remote = `${registry.host}/acme/signed:v1`;
    const query = `?name=${encodeURIComponent(remote)}`;
    const created = await callApi(daemon.socket, 'POST', `/plugins/create${query}`, {
      headers: { 'Content-Type': 'application/x-tar' },
      body: pluginArchive(),
    });
    assert.equal(created.status, 204, created.text);
    assert.equal((await run('push', remote)).code, 0);
    assert.equal((await run('rm', remote)).code, 0);
    const client = createRegistryClient({});
    stack.push(async () => client[Symbol.asyncDispose]());
    repository = client.repository(parseReference(remote), 'pull,push');
    manifest = (await repository.resolve('v1')).descriptor;
  });

  after(async () => {
    for (const end of stack.reverse()) await end();
  });

  test('refuses what is not signed, and installs nothing', async () => {
    const policy = {
      type: 'sigstoreSigned',
      keyPath: join(home, 'key.pub'),
      signedIdentity: { type: 'matchRepository' },
    };
    await writePolicy(policy);
    await reload(/configuration reloaded/);
    for (const command of ['install', 'privileges'] as const) {
      const flags = command === 'install' ? ['--disable', '--grant-all-permissions'] : [];
      const { code, err } = await run(command, ...flags, remote);
      assert.equal(code, 1);
      assert.match(err, /the signature policy refuses .*: scope "docker 127\.0\.0\.1:\d+": it is not signed/);
    }
    assert.equal((await run('ls', '--quiet')).out, '');
  });

  test('keeps the policy in force when its file is wrong', async () => {
    await writePolicy('{"default":[{"type":"rejekt"}]}');
    await reload(/unknown type \\"rejekt\\"/);
    assert.equal((await run('verify', remote)).code, 1);
    await writePolicy({ type: 'sigstoreSigned', keyPath: join(home, 'none.pub') });
    await reload(/cannot read key at .*none\.pub/);
    const policy = {
      type: 'sigstoreSigned',
      keyPath: join(home, 'key.pub'),
      signedIdentity: { type: 'matchRepository' },
    };
    await writePolicy(policy);
  });

  test('lets no daemon start with a wrong policy, and names file and place', async (context) => {
    const other = await makeDaemonHome();
    context.after(other.remove);
    const path = join(other.home, 'policy.json');
    await writeFile(path, '{"default":[{"type":"sigstoreSigned"}]}');
    await assert.rejects(startDaemon({ home: other.home, args: ['--signature-policy', path] }), {
      message: /ended with 1: [\s\S]*policy\.json: invalid signature policy at \S*default\[0\]/,
    });
  });

  test('installs what is signed under a tag, and shows the proof', async () => {
    await putCosignSignature(repository, {
      digest: manifest.digest,
      name: remote.replace(/:v1$/, ''),
      key,
    });
    const verified = await run('verify', remote);
    assert.equal(verified.code, 0, verified.err);
    assert.match(
      verified.out,
      /is accepted: sha256:\w{64}\n - signed by the key sha256:\w{64} for 127.0.0.1:\d+\/acme\/signed\n$/,
    );
    const installed = await run('install', '--disable', '--grant-all-permissions', remote);
    assert.equal(installed.code, 0, installed.err);
    const [plugin] = JSON.parse((await run('inspect', remote)).out);
    assert.equal(plugin.Verification.Scope, `docker ${registry.host}`);
    assert.equal(plugin.Verification.Signatures[0].Digest, manifest.digest);
    assert.equal((await run('rm', remote)).code, 0);
    const again = JSON.parse((await run('verify', '--format', 'json', remote)).out);
    assert.match(again.Consent.GrantedAt, /^20\d\d-/);
  });

  test('verifies with keys of the command line', async () => {
    assert.equal((await run('verify', '--key', 'key.pub', remote)).code, 0);
    const { code, err } = await run('verify', '--key', 'foreign.pub', remote);
    assert.equal(code, 1);
    assert.match(err, /signature 1 was made by another key than a key in the policy \(sha256:/);
    const policy = { default: [{ type: 'sigstoreSigned', keyPath: join(home, 'key.pub') }] };
    await writeFile(join(home, 'own.json'), JSON.stringify(policy));
    const own = await run('verify', '--policy', 'own.json', remote);
    assert.equal(own.code, 1);
    assert.match(own.err, /"matchRepository".* accepts names without a tag/);
  });

  test('finds bundles among the referrers, whose list is under a tag', async () => {
    await putBundle(repository, manifest);
    assert.equal((await run('verify', '--key', 'foreign.pub', remote)).code, 1);
    const { code, out, err } = await run('verify', '--key', 'foreign.pub', '--any-name', remote);
    assert.equal(code, 0, err);
    assert.match(out, /for any name/);
  });

  test('installs what skopeo signed with a key of OpenPGP, and nothing that was moved or changed', async () => {
    const gpg = await makePgpHome(home);
    stack.push(gpg.end);
    await mkdir(join(home, 'registries.d'));
    const place = `default-docker:\n  lookaside: file://${join(home, 'sigstore')}\n`;
    await writeFile(join(home, 'registries.d', 'default.yaml'), place);
    const signed = `${registry.host}/acme/pgp:v1`;
    const policy = { type: 'signedBy', keyType: 'GPGKeys', keyPath: join(home, 'acme.gpg') };
    await writePolicy(policy);
    await reload(/configuration reloaded[\s\S]*configuration reloaded/);
    await copyBySkopeo(gpg, ['--sign-by', gpg.key], `docker://${remote}`, `docker://${signed}`);
    const installed = await run('install', '--disable', '--grant-all-permissions', signed);
    assert.equal(installed.code, 0, installed.err);
    const [plugin] = JSON.parse((await run('inspect', signed)).out);
    const [{ Kind, Key, Identity, Storage }] = plugin.Verification.Signatures;
    assert.deepEqual([Kind, Key, Identity, Storage], ['pgp', gpg.key, signed, 'lookaside']);
    const byKey = await run('verify', '--key', 'acme.gpg', signed);
    assert.equal(byKey.code, 0, byKey.err);
    assert.match(byKey.out, new RegExp(`signed by the key ${gpg.key} for ${signed}`));
    // The same content without a signature of its own, and with that of another tag.
    const moved = `${registry.host}/acme/pgp:v2`;
    await copyBySkopeo(gpg, [], `docker://${signed}`, `docker://${moved}`);
    assert.match((await run('install', moved)).err, /does not count: it is for ".*\/acme\/pgp:v1", not/);
    assert.match(
      (await run('verify', remote)).err,
      /there is no signature in file:.*\/sigstore\/acme\/signed;/,
    );
    const file = join(home, 'sigstore', `acme/pgp@${manifest.digest.replace(':', '=')}`, 'signature-1');
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5);
    await writeFile(file, bytes);
    assert.match((await run('verify', signed)).err, /signature 1 (?:does not verify|is no|cannot be)/);
  });

  test('the doctor shows the policy', async () => {
    const { out } = await run('doctor', '--format', 'json');
    assert.match(out, /a policy with 1 scopes, others are accepted/);
  });
});

/** A home of gpg with one key, which is exported to `acme.gpg`. */
async function makePgpHome(home: string) {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-gpg-'));
  const env = { ...process.env, GNUPGHOME: directory };
  const run = (program: string, ...args: readonly string[]) => promisify(execFile)(program, args, { env });
  await run('gpg', '--batch', '--passphrase', '', '--quick-gen-key', 'acme@test', 'ed25519', 'sign', 'never');
  await run('gpg', '--batch', '--output', join(home, 'acme.gpg'), '--export', 'acme@test');
  const { stdout } = await run('gpg', '--list-keys', '--with-colons', 'acme@test');
  const key = /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1] ?? '';
  const end = async () => {
    await run('gpgconf', '--kill', 'all');
    await rm(directory, { recursive: true, force: true });
  };
  return { key, home, run, end };
}

/** Copy with the signature store of the test. */
async function copyBySkopeo(
  { run, home }: Awaited<ReturnType<typeof makePgpHome>>,
  flags: readonly string[],
  ...places: readonly string[]
): Promise<void> {
  const plain = ['--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests'];
  const global = ['--insecure-policy', '--registries.d', join(home, 'registries.d')];
  await run('skopeo', ...global, 'copy', ...plain, ...flags, ...places);
}

/** A bundle of cosign 3 by `foreign`. */
async function putBundle(repository: Repository, subject: Descriptor): Promise<void> {
  const payloadType = 'application/vnd.in-toto+json';
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: subject.digest.slice('sha256:'.length) } }],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
    }),
  );
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const signature = sign('sha256', Buffer.concat([Buffer.from(head), payload]), foreign.privateKey);
  const artifactType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const bundle = {
    mediaType: artifactType,
    verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: signature.toString('base64'), keyid: '' }],
    },
  };
  const layer = await putBlob(repository, artifactType, Buffer.from(JSON.stringify(bundle)));
  const config = await putBlob(repository, 'application/vnd.oci.empty.v1+json', Buffer.from('{}'));
  const mediaType = mediaTypes.ociManifest;
  const { platform: _platform, ...plain } = subject;
  const document = { schemaVersion: 2, mediaType, artifactType, config, layers: [layer], subject: plain };
  await putManifest(repository, digestOf(Buffer.from(JSON.stringify(document))), document);
}

async function putBlob(repository: Repository, mediaType: string, bytes: Buffer) {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await repository.pushBlob(descriptor, async () => Readable.from([bytes]));
  return descriptor;
}

async function putManifest(repository: Repository, name: string, document: { readonly mediaType: string }) {
  const bytes = Buffer.from(JSON.stringify(document));
  await repository.pushManifest(name, { mediaType: document.mediaType, bytes });
}
