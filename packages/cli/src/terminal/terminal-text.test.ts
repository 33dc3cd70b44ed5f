import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatBytes } from './format-bytes.ts';
import { formatTemplate } from './format-template.ts';
import { formatTable } from './table.ts';

describe('formatBytes()', () => {
  for (const [bytes, expected] of [
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [400_122_280, '400.1MB'],
    [2e15, '2PB'],
    [2e21, '2000000PB'],
  ] as const) {
    test(`shows ${bytes} as ${expected}`, () => assert.equal(formatBytes(bytes), expected));
  }
});

test('formatTable() draws as Docker does', () => {
  const rows = [
    ['ID', 'NAME', 'DESCRIPTION', 'ENABLED'],
    ['06bab873a013', 'acme/b:latest', 'größe', 'false'],
  ];
  assert.equal(
    formatTable(rows),
    'ID             NAME            DESCRIPTION   ENABLED\n06bab873a013   acme/b:latest   größe         false\n',
  );
});

describe('formatTemplate()', () => {
  const plugin = { Id: 'abc', Enabled: true, Settings: { Env: ['A=1', 'B=2'], Args: null } };
  for (const [template, expected] of [
    ['{{.Enabled}}', 'true'],
    ['{{ .ID }} {{.Settings.Env}}', 'abc [A=1 B=2]'],
    ['{{json .Settings.Env}}\\t{{.Settings.Args}}', '["A=1","B=2"]\t<nil>'],
    ['plain', 'plain'],
  ] as const) {
    test(`fills in '${template}'`, () => assert.equal(formatTemplate(template, plugin), expected));
  }

  test('refuses what it does not know, by name', () => {
    assert.throws(
      () => formatTemplate('{{range .Env}}x{{end}}', plugin),
      /template "\{\{range .* is not supported/,
    );
    assert.throws(() => formatTemplate('{{.Nope}}', plugin), /there is no field "Nope"/);
  });

  test('D15 escapes values, and fills nothing into them', () => {
    assert.equal(formatTemplate('{{.A}}', { A: '\u001b[2J{{.B}}', B: 'x' }), '\\x1b[2J{{.B}}');
  });
});
