import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../testing/run-command.ts';

test('search prints the shipped list by name, with its review date, and asks no daemon', async () => {
  const { code, out, err, daemon } = await run(['search'], {});
  assert.equal(code, 0, err);
  assert.match(out, /^NAME +KIND +LICENSE +RELEASE +PRIVILEGES +DESCRIPTION\n/);
  assert.match(
    out,
    /^rclone\/docker-volume-rclone:amd64 +volume +MIT +\d+\.\d+\.\d+ +5 +Cloud storage .*…$/m,
  );
  assert.match(err, /^\d+ of \d+ plugins, reviewed \d{4}-\d\d-\d\d\n$/);
  assert.equal(daemon.requests.length, 0);
});

test('search takes a term, kinds, formats and a list of its own', async () => {
  const logs = await run(
    ['search', 'LOKI', '--filter', 'kind=log', '--format', '{{.Name}} {{.License}}'],
    {},
  );
  assert.deepEqual([logs.out, logs.err], ['grafana/loki-docker-driver Apache-2.0\n', '']);
  assert.equal((await run(['search', 'loki', '--filter', 'kind=volume', '--format', 'json'], {})).out, '');
  const whole = await run(['search', '--no-trunc', 'rclone:amd64', '--format', '{{.Description}}'], {});
  assert.doesNotMatch(whole.out, /…/);
  const other = await run(['search', '--filter', 'stars=3'], {});
  assert.deepEqual([other.code, /want kind=KIND/.test(other.err)], [125, true]);
  const absent = await run(['search', '--catalog', '/nowhere/list.json'], {});
  assert.equal(absent.code, 1);
  assert.match(absent.err, /cannot read catalogue \/nowhere\/list\.json/);
});
