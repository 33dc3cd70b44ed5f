import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeAnnotations } from './systemd-scope.ts';

test('scopeAnnotations() keeps crun from a cgroup of its own below the scope, and bounds the stop', () => {
  assert.deepEqual(scopeAnnotations({ stopTimeoutMs: 0 }), {
    'org.systemd.property.Before': "['outboard.service']",
    'org.systemd.property.CollectMode': "'inactive-or-failed'",
    'org.systemd.property.TimeoutStopUSec': 'uint64 1000',
    'run.oci.systemd.subgroup': '',
  });
});
