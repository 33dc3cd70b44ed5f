import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from './table.ts';

test('formatTable() formats as Docker does', () => {
  const rows = [
    ['ID', 'NAME', 'DESCRIPTION', 'ENABLED'],
    ['06bab873a013', 'acme/b:latest', 'größe', 'false'],
  ];
  assert.equal(
    formatTable(rows),
    'ID             NAME            DESCRIPTION   ENABLED\n06bab873a013   acme/b:latest   größe         false\n',
  );
});
