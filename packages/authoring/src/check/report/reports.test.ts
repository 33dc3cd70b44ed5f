import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CheckReport, hasFailed } from './check-report.ts';
import { reportDocument } from './json-report.ts';
import { junitReport } from './junit-report.ts';
import { textReport } from './text-report.ts';

const result = (code: string, more: Partial<CheckReport['results'][number]>) => ({
  code,
  level: 'error' as const,
  title: `Rule of ${code}.`,
  status: 'pass' as const,
  messages: [],
  elapsedMs: 1500,
  ...more,
});
const report: CheckReport = {
  plugin: 'acme/p',
  kinds: ['volumedriver'],
  results: [
    result('a/note', { level: 'note', status: 'finding', messages: ['little'] }),
    result('a/pass', {}),
    result('a/fail', { status: 'finding', messages: ['one\ntwo', 'red \u001b[31m & "<b>"\u0000'] }),
    result('a/skip', { status: 'skipped', messages: ['no reason'] }),
    result('a/warn', { level: 'warning', status: 'finding', messages: ['some'] }),
  ],
};

test('textReport() shows findings, the hardest first, without what a terminal would obey', () => {
  assert.equal(
    textReport(report),
    `error    a/fail  Rule of a/fail.
           one
           two
           red \\u001b[31m & "<b>"\\u0000
warning  a/warn  Rule of a/warn.
           some
note     a/note  Rule of a/note.
           little

acme/p (volumedriver): 1 passed, 1 errors, 1 warnings, 1 notes, 1 skipped
`,
  );
  assert.match(textReport(report, { verbose: true }), /^ok {7}a\/pass {2}Rule of a\/pass\.$/m);
  assert.equal(
    textReport({ plugin: 'p', kinds: [], results: [] }),
    'p: 0 passed, 0 errors, 0 warnings, 0 notes, 0 skipped\n',
  );
});

test('junitReport() is XML of any text; warnings fail by choice', () => {
  const xml = junitReport(report);
  assert.match(xml, /<testsuite name="acme\/p" tests="5" failures="1" errors="0" skipped="1" time="7.500">/);
  assert.match(
    xml,
    /<failure type="error" message="one&#10;two&#10;red \ufffd\[31m &#38; &#34;&#60;b&#62;&#34;\ufffd">/,
  );
  assert.match(xml, /name="a\/warn: Rule of a\/warn\." time="1.500"><system-out>warning: some<\/system-out>/);
  assert.match(xml, /<skipped message="no reason"\/>/);
  assert.match(
    junitReport(report, { strict: true }),
    /failures="2".*<failure type="warning" message="some">/s,
  );
});

test('hasFailed() and reportDocument() agree about errors', () => {
  assert.equal(hasFailed(report), true);
  const harmless = { ...report, results: report.results.filter(({ code }) => code !== 'a/fail') };
  assert.deepEqual([hasFailed(harmless), hasFailed(harmless, { strict: true })], [false, true]);
  const document = reportDocument(harmless);
  assert.deepEqual([document.Plugin, document.Failed, document.Checks.length], ['acme/p', false, 4]);
  assert.deepEqual(document.Checks[0], {
    Code: 'a/note',
    Level: 'note',
    Title: 'Rule of a/note.',
    Status: 'finding',
    Messages: ['little'],
    Milliseconds: 1500,
  });
});
