import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flawOfAlias, usableAlias } from './gateway-options.ts';
import { parseOverrides } from './parse-plugin-options.ts';

for (const [alias, reason, suggestion] of [
  ['', /first one a letter or a digit/, 'plugin'],
  ['acme/p', /want letters, digits/, 'acme-p'],
  ['.hidden', /first one a letter or a digit/, 'hidden'],
  ['../../etc/x', /want letters/, 'etc-x'],
  ['a\u202eb', /want letters/, 'a-b'],
  ['p:v2', /want letters/, 'p-v2'],
  ['local', /a driver of their own/, 'local-plugin'],
  ['image', /a driver of their own/, 'image-plugin'],
  ['bridge', /a driver of their own/, 'bridge-plugin'],
  ['a'.repeat(65), /it has 65 characters, 64 are allowed/, 'a'.repeat(64)],
] as const) {
  test(`the alias ${JSON.stringify(alias).slice(0, 20)} is refused, with a suggestion that is accepted`, () => {
    assert.throws(
      () => parseOverrides({ Gateway: { Alias: alias } }),
      (error: Error) => {
        assert.match(error.message, /^invalid "gateway\.alias" "/);
        assert.match(error.message, reason);
        assert.ok(error.message.endsWith(`; ${JSON.stringify(suggestion)} would be right`), error.message);
        return true;
      },
    );
    assert.equal(usableAlias(alias), suggestion);
    assert.equal(flawOfAlias(suggestion), undefined);
  });
}

for (const alias of ['sshfs', 'store.2', 'A_b-c', '0', 'a'.repeat(64)]) {
  test(`the alias ${alias.slice(0, 10)} is accepted`, () => {
    assert.deepEqual(parseOverrides({ Gateway: { Alias: alias } }), { gateway: { alias } });
    assert.equal(usableAlias(alias), alias);
  });
}
