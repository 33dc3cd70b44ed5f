import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf, OutboardError, parseReference } from '@outboard/oci';
import { createMemoryRegistryClient, MemoryRegistry } from '@outboard/oci/memory';
import type { Verification } from '../../config/verification.ts';
import type { PolicyRequest } from '../../policy/document/policy-request.ts';
import type { SignaturePolicy } from '../../policy/signature-policy.ts';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { policyOf } from '../../testing/policy-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { requireTrust } from './require-trust.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';
import { verifyPlugin } from './verify.ts';

const remote = 'registry.test/acme/plugin:v1';
const verification: Verification = {
  checkedAt: new Date('2026-11-30T08:00:00.000Z'),
  scope: 'docker registry.test',
  signatures: [],
};
const refusing = policyOf(async () => {
  throw new OutboardError('forbidden', 'refused', { code: 'policy' });
});

describe('the signature policy', () => {
  test('refuses a plugin before its config or a layer is read', async () => {
    await using fixture = await openOperationFixture();
    const parts = { ...fixture.parts, policy: refusing };
    const { privileges } = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1');
    await assert.rejects(pullPlugin(parts, { remote, privileges }), { kind: 'forbidden', code: 'policy' });
    await fixture.assertOnly([], []);
    await assert.rejects(fetchPrivileges(parts, remote, {}), { kind: 'forbidden', code: 'policy' });
    assert.deepEqual([...new Set(fixture.remote.requests.map(({ operation }) => operation))], ['resolve']);
  });

  test('is asked about the reference and the manifest that is installed, and its answer is on the record', async () => {
    await using fixture = await openOperationFixture();
    const asked: PolicyRequest[] = [];
    const check = async (request: PolicyRequest) => {
      asked.push(request);
      return verification;
    };
    const parts = { ...fixture.parts, policy: policyOf(check) };
    const published = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1');
    const record = await pullPlugin(parts, { remote, privileges: published.privileges });
    assert.deepEqual(record.verification, verification);
    assert.deepEqual(
      asked.map(({ reference, manifest }) => [reference.domain, reference.tag, manifest.digest]),
      [['registry.test', 'v1', published.manifestDigest]],
    );
    await fixture.assertOnly([record], published.digests);
  });

  test('is told that an archive is no registry', async () => {
    const transports: unknown[] = [];
    const check = async ({ transport }: PolicyRequest) => void transports.push(transport);
    const repository = new MemoryRegistry().repository('acme/plugin');
    publishPlugin(repository, 'v1');
    const [stored] = repository.manifests.values();
    assert.ok(stored);
    const descriptor = {
      mediaType: stored.mediaType,
      digest: digestOf(stored.bytes),
      size: stored.bytes.length,
    };
    const client = createMemoryRegistryClient(new Map());
    const reference = parseReference(remote);
    const found = { repository: client.repository(reference), resolved: { descriptor, bytes: stored.bytes } };
    await requireTrust({ policy: { check: check as SignaturePolicy['check'] } }, reference, found);
    await requireTrust({ policy: { check: check as SignaturePolicy['check'] } }, reference, {
      ...found,
      archive: 'a',
    });
    assert.deepEqual(transports, ['docker', 'oci-archive']);
  });

  test('keeps the consent, and tells that the signer changes', async () => {
    await using fixture = await openOperationFixture();
    const repository = fixture.remote.repository('acme/plugin');
    const first = publishPlugin(repository, 'v1');
    const second = publishPlugin(repository, 'v2');
    const signedBy = (key: string) =>
      policyOf(async ({ manifest: { digest } }) => ({
        ...verification,
        signatures: [{ kind: 'key', key, digest, storage: 'tag' }],
      }));
    const parts = { ...fixture.parts, policy: signedBy('sha256:aa') };
    const { id } = await pullPlugin(parts, { remote, privileges: first.privileges });
    assert.deepEqual(fixture.parts.consents.find(first.manifestDigest)?.privileges, first.privileges);
    const lines: string[] = [];
    await upgradePlugin(
      { ...fixture.parts, policy: signedBy('sha256:bb') },
      {
        plugin: id,
        remote: 'registry.test/acme/plugin:v2',
        privileges: second.privileges,
        onProgress: ({ status }) => void lines.push(status),
      },
    );
    assert.ok(
      lines.includes(
        'Warning: the signer changes: the version before was signed by the key sha256:aa, this one by the key sha256:bb',
      ),
    );
    const unsigned = await verifyPlugin(fixture.parts, remote, {});
    assert.deepEqual([unsigned.isAccepted, unsigned.verification], [true, undefined]);
    assert.equal(unsigned.consent?.digest, first.manifestDigest);
    const refused = await verifyPlugin(fixture.parts, remote, {
      givenPolicy: { default: [{ type: 'reject' }] },
    });
    assert.equal(refused.isAccepted, false);
    assert.match(refused.reason ?? '', /its requirement is "reject"/);
    const byPath = { default: [{ type: 'sigstoreSigned', keyPath: '/etc/shadow' }] };
    await assert.rejects(verifyPlugin(fixture.parts, remote, { givenPolicy: byPath }), {
      kind: 'invalid',
      message: /at "keyPath": want the key itself/,
    });
  });

  test('leaves no proof of the version before on the record of another version', async () => {
    await using fixture = await openOperationFixture();
    const parts = { ...fixture.parts, policy: policyOf(async () => verification) };
    const repository = fixture.remote.repository('acme/plugin');
    const first = publishPlugin(repository, 'v1');
    const second = publishPlugin(repository, 'v2');
    const { id } = await pullPlugin(parts, { remote, privileges: first.privileges });
    const upgraded = await upgradePlugin(fixture.parts, {
      plugin: id,
      remote: 'registry.test/acme/plugin:v2',
      privileges: second.privileges,
    });
    assert.equal(upgraded.verification, undefined);
    assert.deepEqual(upgraded.previous?.verification, verification);
    const back = await rollbackPlugin(fixture.parts, id);
    assert.deepEqual(back.verification, verification);
    assert.equal(back.previous?.verification, undefined);
    assert.deepEqual(fixture.parts.store.find(id), back);
  });
});
