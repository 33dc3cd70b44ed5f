import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { type AliasClaims, type AliasHolder, openAliasClaims } from './alias-claims.ts';
import { requireFree, requireShortPath } from './check-alias.ts';
import { deriveAliases } from './derive-aliases.ts';

const logger = pino({ level: 'silent' });

for (const [name, expected] of [
  ['vieux/sshfs:latest', ['sshfs', 'vieux-sshfs', 'vieux-sshfs-latest', 'sshfs-?']],
  ['acme/p:v2', ['p', 'acme-p', 'acme-p-v2', 'p-?']],
  ['registry.example.com:5000/team/store:1.0', ['store', 'team-store', 'team-store-1.0', 'store-?']],
  ['plain:latest', ['plain', 'plain-latest', 'plain-?']],
  // Consumers have a driver of this name.
  ['acme/local:v1', ['acme-local', 'acme-local-v1', 'local-plugin-?']],
  [`acme/${'a'.repeat(80)}:v1`, [`${'a'.repeat(40)}-?`]],
] as const) {
  test(`deriveAliases() gives ${name.slice(0, 40)} readable names, and one of its own`, () => {
    const found = deriveAliases(name);
    assert.deepEqual(
      found.map((alias, index) => (index < found.length - 1 ? alias : alias.replace(/-[0-9a-f]{8}$/, '-?'))),
      expected,
    );
    assert.deepEqual(deriveAliases(name), found);
  });
}

/** A file for claims. */
function claimFile(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'ob-alias-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return join(directory, 'aliases.json');
}

/** Claim names for plugins in turn, all of which are installed. */
async function claimAll(claims: AliasClaims, plugins: readonly AliasHolder[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const plugin of plugins) found.push(await claims.claim(plugin, plugins));
  return found;
}

const [first, second] = [{ name: 'vieux/sshfs:latest' }, { name: 'acme/sshfs:latest' }];

describe('openAliasClaims()', () => {
  test('gives a name that is taken with its namespace, then with its tag', async () => {
    const claims = await openAliasClaims(undefined, logger);
    const plugins = [first, { name: 'vieux/sshfs:next' }, { name: 'vieux/sshfs:edge' }];
    assert.deepEqual(await claimAll(claims, plugins), ['sshfs', 'vieux-sshfs', 'vieux-sshfs-edge']);
  });

  test('keeps a name over a restart and a reinstall, whatever the order', async (context) => {
    const path = claimFile(context);
    const before = await openAliasClaims(path, logger);
    assert.deepEqual(await claimAll(before, [first, second]), ['sshfs', 'acme-sshfs']);
    const after = await openAliasClaims(path, logger);
    assert.deepEqual(await claimAll(after, [second, first]), ['acme-sshfs', 'sshfs']);
    // While it is removed, another plugin comes that would take any free name.
    const third = { name: 'x/acme-sshfs:1' };
    assert.equal(await after.claim(third, [first, second, third]), 'x-acme-sshfs');
    assert.equal(await after.claim(second, [first, second, third]), 'acme-sshfs');
  });

  test('frees the name of a plugin that is not installed any more when another one wants it', async () => {
    const claims = await openAliasClaims(undefined, logger);
    assert.equal(await claims.claim(first, [first]), 'sshfs');
    assert.equal(await claims.claim(second, [second]), 'sshfs');
    assert.equal(await claims.claim(first, [first, second]), 'vieux-sshfs');
  });

  test('gives a chosen name, and the derived one again afterwards', async () => {
    const claims = await openAliasClaims(undefined, logger);
    await claims.claim(first, [first]);
    assert.equal(await claims.claim({ ...first, chosen: 'files' }, [first]), 'files');
    assert.equal(await claims.claim(first, [first]), 'sshfs');
  });

  test('refuses a chosen name of another plugin, and gives no plugin the chosen name of another', async () => {
    const claims = await openAliasClaims(undefined, logger);
    await claims.claim(first, [first]);
    const chooses = { ...second, chosen: 'sshfs' };
    await assert.rejects(claims.claim(chooses, [first, chooses]), {
      kind: 'conflict',
      message: 'the name "sshfs" belongs to plugin vieux/sshfs:latest',
    });
    const other = { name: 'b/store:1', chosen: 'p' };
    const p = { name: 'acme/p:v2' };
    assert.equal(await claims.claim(p, [other, p]), 'acme-p');
  });

  test('sets a damaged file aside, and derives the same names again', async (context) => {
    const path = claimFile(context);
    await claimAll(await openAliasClaims(path, logger), [first, second]);
    writeFileSync(path, readFileSync(path, 'utf8').replace('acme-sshfs', 'other'));
    const claims = await openAliasClaims(path, logger);
    assert.ok(existsSync(`${path}.damaged`));
    assert.deepEqual(await claimAll(claims, [first, second]), ['sshfs', 'acme-sshfs']);
  });
});

test('requireShortPath() tells a name that is short enough, or to take another directory', () => {
  const directory = `/${'d'.repeat(90)}`;
  assert.doesNotThrow(() => requireShortPath(directory, 'a'.repeat(10)));
  assert.throws(() => requireShortPath(directory, 'a'.repeat(12)), {
    kind: 'invalid',
    message: /has 109 bytes, 107 are allowed; "a{10}" would be short enough$/,
  });
  assert.throws(() => requireShortPath(`/${'ü'.repeat(60)}`, 'p'), {
    message: /name a shorter directory with --gateway-dir$/,
  });
});

test('requireFree() suggests the first free name', () => {
  assert.doesNotThrow(() => requireFree('p', undefined, () => true));
  assert.throws(() => requireFree('p', 'acme/p:v2', (alias) => alias !== 'p-2'), {
    kind: 'conflict',
    message: 'invalid "gateway.alias" "p": it is the name of plugin acme/p:v2; "p-3" is free',
  });
});
