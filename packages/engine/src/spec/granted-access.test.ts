/**
 * A spec gives no access that is not among the privileges of its config.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalCapability, containerDefaults, type RuntimeSpec } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import fc from 'fast-check';
import { computePrivileges } from '../config/privileges.ts';
import { bridged, create, fuse, read } from '../testing/created-spec.ts';

const { capabilities: defaultCapabilities, mounts: defaultMounts } = containerDefaults;

const capabilityPool = ['CAP_SYS_ADMIN', 'NET_ADMIN', 'CAP_CHOWN', 'CAP_BPF'];
const arbitraryConfig = fc.record({
  network: fc.record({ type: fc.constantFrom('', 'host', 'none', 'bridge', 'null') }),
  ipchost: fc.boolean(),
  pidhost: fc.boolean(),
  propagatedmount: fc.constantFrom('', '/mnt'),
  mounts: fc.array(
    fc.oneof(
      fc.record({
        type: fc.constantFrom('bind', 'none', ''),
        source: fc.constantFrom('/a', '/dev', '/sys', '/run', '', null),
        destination: fc.constantFrom('/x', '/dev', '/sys', '/run', '/dev/shm'),
        options: fc.constantFrom(['rbind'], ['bind', 'ro'], ['rbind', 'rshared'], ['bind', 'private']),
        settable: fc.constantFrom(['source'], null),
      }),
      fc.record({
        type: fc.constant('tmpfs'),
        destination: fc.constantFrom('/t', '/run'),
        options: fc.constant(['exec']),
      }),
    ),
    { maxLength: 3 },
  ),
  linux: fc.record({
    allowAllDevices: fc.boolean(),
    devices: fc.array(fc.constantFrom({ path: '/dev/fuse' }, { path: null, settable: ['path'] }), {
      maxLength: 2,
    }),
    capabilities: fc.subarray(capabilityPool),
  }),
});

/** The access that a spec gives beyond the baseline, by the names of privileges. */
function accessBeyondBaseline(spec: RuntimeSpec): readonly string[] {
  const types = new Set(spec.linux.namespaces.map(({ type }) => type));
  const kernel = new Set(defaultMounts.map((mount) => JSON.stringify(mount)));
  const ours = new Set(['/data/propagated-mount', '/exec/plugins/id', ...Object.values(bridged)]);
  const isNetworkFile = (source: string, options: readonly string[]) =>
    ['/etc/hosts', '/etc/resolv.conf'].includes(source) && options.includes('ro');
  return [
    ...(types.has('network') ? [] : ['network=host']),
    ...spec.linux.namespaces
      .filter(({ path }) => path !== undefined && path !== bridged.namespacePath)
      .map(({ type, path }) => `${type}=${path}`),
    ...(types.has('ipc') ? [] : ['host ipc namespace=true']),
    ...(types.has('pid') ? [] : ['host pid namespace=true']),
    ...spec.mounts
      .filter((mount) => !kernel.has(JSON.stringify(mount)) && !ours.has(mount.source))
      .filter(({ source, options }) => !isNetworkFile(source, options))
      .map(({ source }) => `mount=${source}`),
    ...spec.linux.devices.map(({ path }) => `device=${path}`),
    ...(spec.linux.resources.devices.some(({ allow, type }) => allow && type === undefined)
      ? ['allow-all-devices=true']
      : []),
    ...spec.process.capabilities.bounding
      .filter((name) => !defaultCapabilities.includes(name))
      .map((name) => `capabilities=${name}`),
  ];
}

describe('createRuntimeSpec() against computePrivileges()', () => {
  test('I03 gives no access beyond the baseline without a privilege', () => {
    let compared = 0;
    fc.assert(
      fc.property(arbitraryConfig, (document) => {
        const config = read(document);
        let spec: RuntimeSpec;
        try {
          const devices = document.linux.devices.flatMap(({ path }) => (path === null ? [] : [fuse]));
          spec = create(config, { devices }).spec;
        } catch (error) {
          // Refused is safe; the count below shows that not everything is.
          assert.ok(isOutboardError(error, 'invalid'), String(error));
          return;
        }
        compared += 1;
        const granted = new Set(
          computePrivileges(config).flatMap(({ name, value }) =>
            value.map((one) => `${name}=${name === 'capabilities' ? canonicalCapability(one) : one}`),
          ),
        );
        for (const access of accessBeyondBaseline(spec))
          assert.ok(granted.has(access), `${access} was not granted`);
        assert.deepEqual(spec.process.capabilities.inheritable, []);
        for (const { type } of spec.mounts.filter((mount) => !defaultMounts.includes(mount))) {
          assert.ok(type === 'bind' || type === 'tmpfs');
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(compared > 50, `only ${compared} specs were compared`);
  });
});
