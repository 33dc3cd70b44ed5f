import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const connectPath = 'POST /outboard/v1/consumers/podman/connect';
const file = (State: string, more: object = {}) => ({ Path: '/etc/a.conf', State, Reason: '', ...more });
const report = (Files: readonly object[], Notes: readonly string[] = []) =>
  json({ Description: 'Podman 4.3.1', Files, Notes });

describe('connect', () => {
  test('prints each file, and notes on standard error', async () => {
    const { code, out, err, daemon } = await run(
      ['connect', 'podman', '--timeout', '9', '--prefix', 'image'],
      {
        [connectPath]: report([file('written', { Content: 'x\n' })], ['a note']),
      },
    );
    assert.deepEqual([code, err], [0, 'a note\n']);
    assert.equal(out, 'Podman 4.3.1 is connected\nwritten /etc/a.conf\n');
    assert.deepEqual(JSON.parse(String(daemon.requests[0]?.body)), { Prefix: resolve('image'), Timeout: 9 });
  });

  test('prints the contents of files with --dry-run', async () => {
    const { code, out, daemon } = await run(['connect', 'podman', '--dry-run'], {
      [connectPath]: report([file('written', { Content: '[engine]\nx = 1\n' }), file('unchanged')]),
    });
    assert.equal(code, 0);
    assert.equal(
      out,
      'Podman 4.3.1 would be connected\nwould write /etc/a.conf\n    [engine]\n    x = 1\nunchanged /etc/a.conf\n',
    );
    assert.match(daemon.lines()[0] ?? '', /\?dryRun=1$/);
  });

  test('ends with 1 when a file stays as it is', async () => {
    const { code, out, err } = await run(['connect', 'podman'], {
      [connectPath]: report([file('left', { Reason: 'it was changed by hand' }), file('written')]),
    });
    assert.equal(code, 1);
    assert.match(out, /^left \/etc\/a\.conf: it was changed by hand$/m);
    assert.equal(err, '1 of 2 files are not as they should be\n');
  });

  test('lists the connections without a consumer', async () => {
    const { code, out } = await run(['connect'], {
      'GET /outboard/v1/consumers': json({
        Kinds: ['podman'],
        Connections: [{ Kind: 'podman', Since: '2026-08-01T12:00:00.000Z', Files: ['/etc/a', '/etc/b'] }],
      }),
    });
    assert.equal(code, 0);
    assert.equal(
      out.replaceAll(/ +/g, ' '),
      'CONSUMER PREFIX USER SHARES FILES SINCE\npodman - - - 2 2026-08-01T12:00:00.000Z\n',
    );
  });

  test('refuses a malformed timeout, and a Docker Engine', async () => {
    assert.equal((await run(['connect', 'podman', '--timeout', 'soon'], {})).code, 125);
    const { code, err } = await run(['connect', 'podman'], {});
    assert.deepEqual([code, err], [1, 'this daemon cannot connect consumers: only an Outboard daemon can\n']);
  });
});

test('disconnect prints the removed files', async () => {
  const { code, out } = await run(['disconnect', 'podman'], {
    'POST /outboard/v1/consumers/podman/disconnect': json({
      Description: '',
      Files: [file('removed')],
      Notes: [],
    }),
  });
  assert.deepEqual([code, out], [0, 'removed /etc/a.conf\n']);
});
