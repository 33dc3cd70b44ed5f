import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import type { Verification } from '../../config/verification.ts';
import type { PolicyRequest } from '../../policy/document/policy-request.ts';
import type { SignaturePolicy } from '../../policy/signature-policy.ts';
import { openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';
import { rollbackPlugin } from './rollback.ts';
import { upgradePlugin } from './upgrade.ts';

const remote = 'registry.test/acme/plugin:v1';
const verification: Verification = {
  checkedAt: new Date('2026-11-30T08:00:00.000Z'),
  scope: 'docker registry.test',
  signatures: [],
};
const refusing: SignaturePolicy = {
  check: async () => {
    throw new OutboardError('forbidden', 'refused', { code: 'policy' });
  },
};

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
    const parts = { ...fixture.parts, policy: { check } };
    const published = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1');
    const record = await pullPlugin(parts, { remote, privileges: published.privileges });
    assert.deepEqual(record.verification, verification);
    assert.deepEqual(
      asked.map(({ reference, manifest }) => [reference.domain, reference.tag, manifest.digest]),
      [['registry.test', 'v1', published.manifestDigest]],
    );
    await fixture.assertOnly([record], published.digests);
  });

  test('leaves no proof of the version before on the record of another version', async () => {
    await using fixture = await openOperationFixture();
    const parts = { ...fixture.parts, policy: { check: async () => verification } };
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
