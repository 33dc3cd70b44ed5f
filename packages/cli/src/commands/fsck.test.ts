import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const finding = {
  Subject: 'rootfs',
  Severity: 'error',
  Plugin: 'acme/p:latest',
  Id: 'a'.repeat(64),
  Path: '/data/rootfs/x\u001b[2J',
  Problem: 'it is missing',
  Repaired: false,
  Remedy: 'outboard disable acme/p:latest',
};
const note = { ...finding, Severity: 'note', Plugin: '', Subject: 'leftover', Path: '/data/x', Remedy: '' };
const sums = { Plugins: 1, Blobs: 3, BytesRead: 2000, RootFilesystems: 1, Errors: 2, Repaired: 0, Notes: 1 };

function stream(...lines: readonly object[]): Answer {
  return (response) => response.end(lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''));
}

function found(findings: readonly object[], report: object): Answer {
  const all = findings.map((Finding) => ({ aux: { Finding } }));
  return stream({ status: 'Checking plugin acme/p' }, ...all, { aux: { Report: report } });
}

describe('outboard fsck', () => {
  test('prints findings, what to do once for all of them, and the sums; exit code 4', async () => {
    const answer = found([finding, { ...finding, Path: '/data/rootfs/y' }, note], sums);
    const { code, out, err, daemon } = await run(['fsck', 'acme/p', '--quick', '--strict'], {
      'POST /outboard/v1/fsck': answer,
    });
    assert.deepEqual([code, err], [4, '']);
    assert.equal(daemon.lines()[0], 'POST /v1.51/outboard/v1/fsck?plugins=acme%2Fp&quick=1&strict=1');
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines[1], [
      'error',
      'acme/p:latest',
      'rootfs',
      '/data/rootfs/x\\x1b[2J',
      'it is missing',
    ]);
    assert.match(
      out,
      /\n\nWhat to do:\n {2}acme\/p:latest: outboard disable acme\/p:latest\n\nChecked 1 plugin, 3 blobs \(2kB read\), 1 root filesystem: 2 errors, 0 repaired, 1 note\n$/,
    );
  });

  test('ends with 0 when all was repaired, and sends credentials for the registries', async () => {
    const repaired = { ...finding, Repaired: true, Remedy: '' };
    const { code, out, daemon } = await run(['fsck', '--repair', '--format', 'json'], {
      'GET /plugins': json([
        { Id: 'a'.repeat(64), Name: 'acme/p:latest', PluginReference: 'reg.test/acme/p:v1' },
      ]),
      'POST /outboard/v1/fsck': found([repaired], { ...sums, Errors: 1, Repaired: 1 }),
    });
    assert.equal(code, 0);
    const { Findings, Report } = JSON.parse(out);
    assert.deepEqual([Findings[0].Status, Report.Repaired], ['repaired', 1]);
    assert.equal(daemon.lines().at(-1), 'POST /v1.51/outboard/v1/fsck?repair=1');
  });

  test('fails when the check fails, breaks off, or the daemon has none', async () => {
    const failed = stream({ status: 'Checking plugin acme/p' }, { errorDetail: { message: 'no disk' } });
    for (const [answers, reason] of [
      [{ 'POST /outboard/v1/fsck': failed }, /no disk/],
      [
        { 'POST /outboard/v1/fsck': stream({ status: 'Checking plugin acme/p' }) },
        /before the check was complete/,
      ],
      [{}, /this daemon cannot check what it has stored/],
    ] as const) {
      const { code, err } = await run(['fsck'], answers);
      assert.equal(code, 1);
      assert.match(err, reason);
    }
  });
});
