import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestHost } from '../testing/test-host.ts';
import { createPlainProgress } from './plain-progress.ts';
import { parseProgressLine } from './progress-line.ts';
import { formatRow } from './progress-row.ts';
import { createTerminalProgress } from './terminal-progress.ts';

/** A pull as Docker 20.10.24 sends it. */
const pull = [
  '{"status":"Pulling from reg:5000/acme/p","id":"v1"}',
  '{"status":"Digest: sha256:aa"}',
  '{"status":"Pulling fs layer","progressDetail":{},"id":"74ee8ba21b03"}',
  '{"status":"Downloading","progressDetail":{"current":16777216,"total":400122280},"progress":"[==> ]","id":"74ee8ba21b03"}',
  '{"status":"Download complete","progressDetail":{"current":400122280},"id":"74ee8ba21b03"}',
  '{"status":"Complete","progressDetail":{},"id":"74ee8ba21b03"}',
].map(parseProgressLine);

describe('parseProgressLine()', () => {
  test('D09 throws the error of the daemon, without a prefix', () => {
    assert.throws(() => parseProgressLine('{"errorDetail":{"message":"incorrect privileges"},"error":"x"}'), {
      message: 'incorrect privileges',
    });
  });

  test('reads "error" alone as no error, as Docker does', () => {
    assert.deepEqual(parseProgressLine('{"error":"x"}'), { kind: 'message', id: '', status: '' });
  });

  test('D15 escapes status, id and tag', () => {
    assert.deepEqual(parseProgressLine('{"status":"a\\u001b[2J","id":"b\\nc"}'), {
      kind: 'message',
      id: 'b\\x0ac',
      status: 'a\\x1b[2J',
    });
    assert.deepEqual(parseProgressLine('{"aux":{"Tag":"\\r","Digest":"\\u202e","Size":1}}'), {
      kind: 'pushed',
      tag: '\\x0d',
      digest: '\\u{202e}',
      size: 1,
    });
  });

  test('refuses what is not JSON, and survives JSON of any shape', () => {
    assert.throws(() => parseProgressLine('<html>'), /not JSON/);
    for (const text of [
      'null',
      '1',
      '[]',
      '{"status":1,"id":[],"progressDetail":{"current":"x","total":-1}}',
    ]) {
      assert.deepEqual(parseProgressLine(text), { kind: 'message', id: '', status: '' });
    }
  });
});

test('plain progress prints what docker prints in a pipe', () => {
  const host = createTestHost();
  const view = createPlainProgress(host.stdout);
  for (const line of pull) view.show(line);
  view.show(parseProgressLine('{"progressDetail":{},"aux":{"Tag":"v1","Digest":"sha256:bb","Size":419}}'));
  assert.equal(
    host.out(),
    'v1: Pulling from reg:5000/acme/p\nDigest: sha256:aa\n74ee8ba21b03: Pulling fs layer\n74ee8ba21b03: Complete\nv1: digest: sha256:bb size: 419\n',
  );
});

describe('formatRow()', () => {
  const state = { id: '74ee8ba21b03', status: 'Downloading', current: 100_000_000, total: 400_122_280 };

  test('has bar, sizes and rate on a wide terminal', () => {
    const bar = `[${'='.repeat(12)}>${' '.repeat(37)}]`;
    assert.equal(
      formatRow(state, 12_300_000, 120),
      `74ee8ba21b03: Downloading ${bar}  100MB/400.1MB    12.3MB/s`,
    );
  });

  test('keeps the width of the bar while numbers change', () => {
    const ends = [1, 43e6, 44_050_000, 400_122_279].map((current) =>
      formatRow({ ...state, current }, 0, 80).indexOf(']'),
    );
    assert.equal(new Set(ends).size, 1);
  });

  test('never reaches the last column, however narrow the terminal', () => {
    for (let columns = 2; columns < 140; columns++) {
      assert.ok(formatRow(state, 12_300_000, columns).length < columns, `at ${columns}`);
    }
    assert.doesNotMatch(formatRow(state, 1, 50), /\[/);
    assert.equal(formatRow(state, 1, 20), '74ee8ba21b03: Down…');
  });

  test('stays within bounds when a daemon counts past the total', () => {
    assert.match(formatRow({ ...state, current: 9e99 }, 0, 100), /\[=+\] {2}400\.1MB\/400\.1MB$/);
  });
});

describe('terminal progress', () => {
  const step = (id: string, status: string, current = 0) =>
    ({ kind: 'step', id, status, current, total: current === 0 ? 0 : 1000 }) as const;

  test('redraws an item in its own row', () => {
    const host = createTestHost({ columns: 40 });
    const view = createTerminalProgress(host.stdout, () => 0);
    view.show(step('a', 'Waiting'));
    view.show(step('b', 'Waiting'));
    view.show(step('a', 'Complete'));
    assert.equal(host.out(), 'a: Waiting\nb: Waiting\n\u001b[2A\r\u001b[2Ka: Complete\u001b[2B\r');
  });

  test('starts new rows below a message', () => {
    const host = createTestHost({ columns: 40 });
    const view = createTerminalProgress(host.stdout, () => 0);
    view.show(step('a', 'Waiting'));
    view.show({ kind: 'message', id: '', status: 'Digest: x' });
    view.show(step('a', 'Complete'));
    assert.equal(host.out(), 'a: Waiting\nDigest: x\na: Complete\n');
  });

  test('does not overwrite other rows once a row has scrolled off the screen', () => {
    const host = createTestHost({ columns: 40 });
    const view = createTerminalProgress(host.stdout, () => 0);
    for (let row = 0; row < 30; row++) view.show(step(`r${row}`, 'Waiting'));
    const before = host.out();
    view.show(step('r0', 'Complete'));
    assert.equal(host.out(), before);
    view.show(step('r29', 'Complete'));
    assert.match(host.out().slice(before.length), /r29: Complete/);
  });

  test('shows the rate since the start of the status', () => {
    const host = createTestHost({ columns: 120 });
    let now = 0;
    const view = createTerminalProgress(host.stdout, () => now);
    view.show(step('a', 'Downloading', 100));
    now = 2000;
    view.show(step('a', 'Downloading', 500));
    assert.match(host.out(), /500B\/1kB +200B\/s/);
  });
});
