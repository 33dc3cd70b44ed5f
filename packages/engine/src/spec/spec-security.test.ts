/**
 * Security options in the spec: filter, profile, and a root that is read-only.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bind, create, mountAt, read } from '../testing/created-spec.ts';

describe('createRuntimeSpec() with security options', () => {
  const security = { noNewPrivileges: true, readOnlyRootfs: false };

  test('passes the filter, the profile and the flag on as they are', () => {
    const seccomp = { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] };
    const more = { ...security, noNewPrivileges: false, seccomp, apparmorProfile: 'p' };
    const { process, linux } = create(read({}), { security: more }).spec;
    assert.deepEqual(linux.seccomp, seccomp);
    assert.equal(process.apparmorProfile, 'p');
    assert.equal(process.noNewPrivileges, false);
  });

  const readOnly = { security: { ...security, readOnlyRootfs: true } };
  const destinations = (config: object) =>
    create(read(config), readOnly).spec.mounts.map(({ destination }) => destination);

  test('makes the root read-only, with a tmpfs on /tmp and /run', () => {
    const { spec } = create(read({}), readOnly);
    assert.equal(spec.root.readonly, true);
    for (const [path, mode] of [
      ['/tmp', 'mode=1777'],
      ['/run', 'mode=755'],
    ] as const) {
      assert.deepEqual(mountAt(spec, path), [
        {
          destination: path,
          type: 'tmpfs',
          source: 'tmpfs',
          options: ['rw', 'nosuid', 'nodev', 'noexec', mode],
        },
      ]);
    }
  });

  test('mounts what the config has at or below /tmp and /run over the tmpfs', () => {
    const config = { propagatedMount: '/run/volumes', mounts: [bind('/a', '/tmp'), bind('/b', '/run/b')] };
    const order = destinations(config).filter((path) => /^\/(?:tmp|run)/.test(path));
    assert.deepEqual(order, ['/tmp', '/run', '/run/volumes', '/tmp', '/run/b', '/run/docker/plugins']);
  });
});
