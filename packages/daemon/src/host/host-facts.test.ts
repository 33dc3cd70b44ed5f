import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOsRelease } from './host-facts.ts';

test('parseOsRelease() reads quoted, unquoted and escaped values', () => {
  const values = parseOsRelease(
    '# c\nPRETTY_NAME="Debian \\"12\\""\nVERSION_ID=12\nID=\'debian\'\nbroken line\n',
  );
  assert.deepEqual(
    [...values],
    [
      ['PRETTY_NAME', 'Debian "12"'],
      ['VERSION_ID', '12'],
      ['ID', 'debian'],
    ],
  );
});
