import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPluginList } from './load-plugin-list.ts';
import { parsePluginList, searchPlugins } from './plugin-catalog.ts';
import { reviewedPlugins } from './reviewed-plugins.ts';

const bytesOf = (document: unknown) => Buffer.from(JSON.stringify(document));
const entry = {
  name: 'acme/volumes:1.0',
  description: 'Volumes of Acme',
  kinds: ['volume'],
  license: 'MIT',
  privileges: [],
  homepage: 'https://example.com/volumes',
};
const list = (...plugins: readonly object[]) => ({ reviewed: '2026-01-31', plugins });

test('the shipped list has the form of a list, short names and no name twice', () => {
  assert.deepEqual(parsePluginList(bytesOf(reviewedPlugins), 'shipped'), reviewedPlugins);
  const names = reviewedPlugins.plugins.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)].sort());
  for (const name of names) assert.doesNotMatch(name.split('/')[0] ?? '', /[.:]/, 'a name with a host');
});

const refused: readonly (readonly [title: string, document: unknown, message: RegExp])[] = [
  ['another document', [], /catalogue x: the document: /],
  ['no review date', { plugins: [] }, /reviewed: /],
  ['a date in words', { reviewed: 'today', plugins: [] }, /reviewed: want a date such as 2026-01-31/],
  ['an unknown key', list({ ...entry, licence: 'MIT' }), /plugins\.0: .*"licence"/],
  ['an unknown kind', list({ ...entry, kinds: ['volumes'] }), /plugins\.0\.kinds\.0: .*"volume"/],
  ['no kind', list({ ...entry, kinds: [] }), /plugins\.0\.kinds: /],
  ['a name with blanks', list({ ...entry, name: 'acme/a b' }), /plugins\.0\.name: want a reference/],
  [
    'terminal controls',
    list({ ...entry, description: 'a\u001b[2J' }),
    /description: want text without control/,
  ],
  ['another homepage', list({ ...entry, homepage: 'javascript:alert(1)' }), /plugins\.0\.homepage: /],
];
for (const [title, document, message] of refused) {
  test(`parsePluginList() refuses ${title}`, () => {
    assert.throws(() => parsePluginList(bytesOf(document), 'x'), { kind: 'invalid', message });
  });
}

test('searchPlugins() finds words in any letter case, and plugins of all wanted kinds', () => {
  const plugins = parsePluginList(
    bytesOf(list({ ...entry, name: 'b/net', kinds: ['network', 'ipam'], note: 'Needs a Bridge' }, entry)),
    'x',
  );
  const find = (search: Parameters<typeof searchPlugins>[1]) =>
    searchPlugins(plugins, search).map(({ name }) => name);
  assert.deepEqual(find({}), ['acme/volumes:1.0', 'b/net']);
  assert.deepEqual(find({ term: 'ACME' }), ['acme/volumes:1.0', 'b/net']);
  assert.deepEqual(find({ term: 'bridge needs' }), ['b/net']);
  assert.deepEqual(find({ kinds: ['network', 'ipam'] }), ['b/net']);
  assert.deepEqual(find({ kinds: ['network', 'volume'] }), []);
  assert.throws(() => find({ kinds: ['disk'] }), {
    kind: 'invalid',
    message: /unknown kind "disk": want one of volume/,
  });
});

test('loadPluginList() reads a file, and says why it cannot', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-catalogue-'));
  try {
    const path = join(directory, 'list.json');
    writeFileSync(path, JSON.stringify(list(entry)));
    assert.equal((await loadPluginList(path)).plugins[0]?.name, 'acme/volumes:1.0');
    assert.equal(await loadPluginList(undefined), reviewedPlugins);
    writeFileSync(path, '{');
    await assert.rejects(loadPluginList(path), { kind: 'invalid', message: /list\.json is not JSON/ });
    writeFileSync(path, Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
    await assert.rejects(loadPluginList(path), { kind: 'invalid', message: /is larger than 4194304 bytes/ });
    await assert.rejects(loadPluginList(directory), { kind: 'not-found', message: /it is no regular file/ });
    await assert.rejects(loadPluginList(join(directory, 'none')), { kind: 'not-found', message: /ENOENT/ });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('loadPluginList() gets a list of a server over TLS only, bounded, without redirects', async () => {
  const seen: RequestInit[] = [];
  const answer = (body: string | Uint8Array<ArrayBuffer>, status = 200) => ({
    async fetch(_url: string, init: RequestInit) {
      seen.push(init);
      return new Response(body, { status });
    },
  });
  const url = 'https://example.com/plugins.json';
  const loaded = await loadPluginList(url, {}, answer(JSON.stringify(list(entry))));
  assert.equal(loaded.plugins.length, 1);
  assert.equal(seen[0]?.redirect, 'error');
  await assert.rejects(loadPluginList(url, {}, answer('', 404)), {
    kind: 'unavailable',
    message: /status 404/,
  });
  const large = new Uint8Array(4 * 1024 * 1024 + 1);
  await assert.rejects(loadPluginList(url, {}, answer(large)), {
    kind: 'invalid',
    message: /is larger than/,
  });
  const unreachable = {
    fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no such host') })),
  };
  await assert.rejects(loadPluginList(url, {}, unreachable), {
    kind: 'unavailable',
    message: /no such host$/,
  });
  for (const other of ['http://example.com/a', 'file:///a', 'ftp://a']) {
    await assert.rejects(loadPluginList(other), {
      kind: 'invalid',
      message: /want an https:\/\/ URL or the path/,
    });
  }
});
