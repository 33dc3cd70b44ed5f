/**
 * Archives with signatures and all platforms: saved on a host with a registry, installed on one that reaches none and demands
 * signatures, and copied by skopeo.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createRegistryClient, type Digest, parseReference, type Repository } from '@outboard/oci';
import { makeSigningKey, putCosignSignature } from '../support/cosign-signature.ts';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard as runProgram } from '../support/outboard-program.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { registryPassword, startRegistry, type TestRegistry } from '../support/registry.ts';

const grant = ['--disable', '--grant-all-permissions'];
const login = { username: 'me', password: registryPassword };

describe('archives with signatures', { skip: needsRoot }, () => {
  let home: string;
  let sender: TestDaemon;
  let receiver: TestDaemon;
  let registry: TestRegistry;
  let repository: Repository;
  let remote: string;
  const stack: (() => Promise<unknown>)[] = [];

  before(async () => {
    ({ home } = await openHome());
    registry = await startRegistry({ auth: login });
    stack.push(() => registry.stop());
    sender = await startDaemon({ home });
    const key = makeSigningKey();
    receiver = await startReceiver(key.publicPem);
    remote = `${registry.host}/acme/signed:v1`;
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    await writeFile(join(home, 'auth.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const client = createRegistryClient({});
    stack.push(async () => client[Symbol.asyncDispose]());
    repository = client.repository(parseReference(remote), 'pull,push', { credentials: login });
    await pushIndex();
    const { digest } = (await repository.resolve('v1')).descriptor;
    await putCosignSignature(repository, { digest, name: `${registry.host}/acme/signed`, key });
    await outboard('install', ...grant, '--authfile', 'auth.json', remote);
  });

  after(async () => {
    for (const end of stack.reverse()) await end();
  });

  async function openHome() {
    const made = await makeDaemonHome();
    stack.push(made.remove);
    return made;
  }

  /** A daemon that accepts what this key has signed, and no more. */
  async function startReceiver(publicPem: string): Promise<TestDaemon> {
    const { home: other } = await openHome();
    const policy = {
      default: [
        {
          type: 'sigstoreSigned',
          keyData: Buffer.from(publicPem).toString('base64'),
          signedIdentity: { type: 'matchRepository' },
        },
      ],
    };
    await writeFile(join(other, 'policy.json'), JSON.stringify(policy));
    return await startDaemon({ home: other, args: ['--signature-policy', join(other, 'policy.json')] });
  }

  /** Push a build of this host's architecture and a foreign one under `v1`. */
  async function pushIndex(): Promise<void> {
    const own = process.arch === 'x64' ? 'amd64' : process.arch;
    const builds = [`linux/${own}`, 'linux/s390x'];
    for (const platform of builds) {
      const local = `acme/${platform.replace('linux/', '')}`;
      const headers = { 'Content-Type': 'application/x-tar' };
      const body = pluginArchive({ script: `// ${platform}` });
      const { status, text } = await callApi(sender.socket, 'POST', `/plugins/create?name=${local}`, {
        headers,
        body,
      });
      assert.equal(status, 204, text);
    }
    const words = builds.flatMap((build) => ['--platform', `${build}=acme/${build.replace('linux/', '')}`]);
    await outboard('push', '--format', 'oci', '--authfile', 'auth.json', ...words, remote);
  }

  async function run(daemon: TestDaemon, ...args: readonly string[]) {
    return await runProgram(args, { cwd: home, socket: daemon.socket, env: { HOME: home } });
  }

  async function outboard(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await run(sender, ...args);
    assert.equal(code, 0, `outboard ${args.join(' ')}: ${out}${err}`);
    return out;
  }

  async function digestsIn(daemon: TestDaemon, plugin: string) {
    const { text } = await callApi(daemon.socket, 'GET', `/outboard/v1/plugins/${plugin}/json`);
    const { Digest, IndexDigest } = JSON.parse(text);
    return [Digest, IndexDigest];
  }

  test('skopeo copies all platforms of what was saved', async () => {
    await outboard('save', '--all-platforms', '--authfile', 'auth.json', '-o', 'all.tar', remote);
    const target = `docker://${registry.host}/acme/copied:v1`;
    const creds = `${login.username}:${login.password}`;
    const flags = ['--all', '--preserve-digests', '--dest-tls-verify=false', '--dest-creds', creds];
    const words = ['--insecure-policy', 'copy', ...flags, 'oci-archive:all.tar', target];
    await promisify(execFile)('skopeo', words, { cwd: home });
    const access = { credentials: login };
    const client = createRegistryClient({});
    stack.push(async () => client[Symbol.asyncDispose]());
    const copied = client.repository(parseReference(`${registry.host}/acme/copied`), 'pull', access);
    assert.equal(
      (await copied.resolve('v1')).descriptor.digest,
      (await repository.resolve('v1')).descriptor.digest,
    );
  });

  test('copies with credentials on both sides take the signatures along', async () => {
    const target = `${registry.host}/acme/mirror:v1`;
    assert.notEqual((await run(sender, 'copy', remote, target)).code, 0);
    const words = ['copy', '--referrers', '--authfile', 'auth.json'];
    const printed = await outboard(...words, remote, target);
    const { digest } = (await repository.resolve('v1')).descriptor;
    assert.equal(printed, `${digest}\n`);
    await outboard(...words, remote, 'oci:layout');
    const tag = `${(digest as Digest).replace(':', '-')}.sig`;
    const access = { credentials: login };
    const client = createRegistryClient({});
    stack.push(async () => client[Symbol.asyncDispose]());
    const mirror = client.repository(parseReference(target), 'pull', access);
    assert.equal(
      (await mirror.resolve(tag)).descriptor.digest,
      (await repository.resolve(tag)).descriptor.digest,
    );
  });

  test('a host that demands signatures takes them from the archive, without a registry', async () => {
    await outboard('save', '-o', 'bare.tar', remote);
    const refused = await run(sender, 'save', '--referrers', '-o', 'none.tar', remote);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /401 Unauthorized.*to log in, type: outboard login/s);
    await outboard('save', '--referrers', '--authfile', 'auth.json', '-o', 'signed.tar', remote);
    await registry.stop();

    const bare = await run(receiver, 'load', '--grant-all-permissions', '-i', 'bare.tar');
    assert.equal(bare.code, 1);
    assert.match(bare.err, /the signature policy refuses .*acme\/signed:v1 .*it is not signed/);
    assert.equal((await run(receiver, 'ls', '--quiet')).out, '');

    const loaded = await run(receiver, 'load', '--grant-all-permissions', '-i', 'signed.tar');
    assert.equal(loaded.code, 0, loaded.err);
    const [plugin] = JSON.parse((await run(receiver, 'inspect', remote)).out);
    assert.equal(plugin.Verification.Signatures[0].Digest, plugin.IndexDigest);
    assert.deepEqual(await digestsIn(receiver, remote), await digestsIn(sender, remote));
    assert.equal((await run(receiver, 'rm', remote)).code, 0);

    // A directory with several entries: the one that is named brings its signatures.
    const named = await run(receiver, 'install', ...grant, `oci:layout:${remote}`);
    assert.equal(named.code, 0, named.err);
    assert.deepEqual(await digestsIn(receiver, remote), await digestsIn(sender, remote));
  });
});
