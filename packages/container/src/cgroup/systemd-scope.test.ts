import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeAnnotations } from './systemd-scope.ts';

const properties = {
  'org.systemd.property.Before': "['outboard.service']",
  'org.systemd.property.CollectMode': "'inactive-or-failed'",
  'org.systemd.property.TimeoutStopUSec': 'uint64 1000',
};

// crun keeps its cgroup below the scope: limits in the scope itself would be lost at a daemon-reload.
test('scopeAnnotations() limits the stop, and leaves other limits to the runtime', () => {
  assert.deepEqual(scopeAnnotations({ stopTimeoutMs: 0, limitsTasks: true }), properties);
});

test('scopeAnnotations() lifts the limit of tasks that systemd would set', () => {
  assert.deepEqual(scopeAnnotations({ stopTimeoutMs: 0, limitsTasks: false }), {
    ...properties,
    'org.systemd.property.TasksMax': 'uint64 18446744073709551615',
  });
});
