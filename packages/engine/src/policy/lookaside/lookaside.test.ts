import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { digestOf, parseReference } from '@outboard/oci';
import { loadLookaside } from './load-lookaside.ts';
import { joinLookasideFiles } from './lookaside-configuration.ts';
import { createLookasideStore } from './lookaside-store.ts';

const reference = parseReference('registry.test/acme/tools/p:v1');
const digest = digestOf(Buffer.from('manifest'));

function joinOne(document: unknown) {
  return joinLookasideFiles([{ path: '/etc/a.yaml', document }], 0);
}

describe('the places of signatures', () => {
  for (const [title, document, expected] of [
    ['are those of Podman by default', null, 'file:///var/lib/containers/sigstore'],
    ['are the default of a file', { 'default-docker': { lookaside: 'file:///d' } }, 'file:///d'],
    ['are read by their older name', { 'default-docker': { sigstore: 'file:///d' } }, 'file:///d'],
    [
      'are those of the most specific entry',
      {
        docker: {
          'registry.test': { lookaside: 'https://a.test/x' },
          'registry.test/acme/tools': { lookaside: 'https://b.test' },
          'registry.test/acme/tools/q': { lookaside: 'https://c.test' },
          'registry.test/acme': { lookaside: 'https://d.test' },
        },
      },
      'https://b.test/',
    ],
    [
      'are not those of an entry that sets other things',
      {
        'default-docker': { lookaside: 'file:///d' },
        docker: { 'registry.test/acme': { 'use-sigstore-attachments': true }, 'registry.test': null },
      },
      'file:///d',
    ],
    [
      'are those of one tag',
      { docker: { 'registry.test/acme/tools/p:v1': { lookaside: 'file:///t' } } },
      'file:///t',
    ],
  ] as const) {
    test(title, () => {
      assert.equal(joinOne(document).baseOf(reference).href, expected);
    });
  }

  for (const [document, message] of [
    [[], /"\/etc\/a.yaml": want a mapping/],
    [{ docker: [] }, /at "docker": want a mapping/],
    [{ docker: { 'registry.test': 'file:///d' } }, /at "docker.registry.test": want a mapping/],
    [{ 'default-docker': { lookaside: '/var/lib' } }, /at "default-docker.lookaside": want a URL/],
    [
      { 'default-docker': { lookaside: 'ftp://a.test' } },
      /want a URL file:\/\/\/DIRECTORY, http:\/\/ or https:\/\//,
    ],
    [{ 'default-docker': { lookaside: 'file://host/d' } }, /want a URL/],
    [{ 'default-docker': { lookaside: 'https://user:secret@a.test' } }, /want a URL/],
    [{ 'default-docker': { lookaside: 7 } }, /got 7/],
  ] as const) {
    test(`are refused: ${JSON.stringify(document)}`, () => {
      assert.throws(() => joinOne(document), { kind: 'invalid', code: 'policy-file', message });
    });
  }

  test('are named once in all files', () => {
    for (const document of [
      { 'default-docker': { lookaside: 'file:///d' } },
      { docker: { 'registry.test': { lookaside: 'file:///d' } } },
    ]) {
      const files = ['/etc/a.yaml', '/etc/b.yaml'].map((path) => ({ path, document }));
      assert.throws(() => joinLookasideFiles(files), {
        message: /"\/etc\/b.yaml" at .*"\/etc\/a.yaml" has it too/,
      });
    }
  });

  test('are read from all files of a directory, whose mistakes are told with file and line', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'outboard-lookaside-'));
    t.after(() => rm(directory, { recursive: true }));
    assert.equal((await loadLookaside(join(directory, 'none'))).baseOf(reference).protocol, 'file:');
    await writeFile(join(directory, 'a.yaml'), '# nothing\n');
    await writeFile(join(directory, 'b.yaml'), 'docker:\n  registry.test:\n    lookaside: file:///b\n');
    await writeFile(join(directory, 'c.json'), '{');
    assert.equal((await loadLookaside(directory)).baseOf(reference).href, 'file:///b');
    await writeFile(join(directory, 'd.yaml'), 'docker:\n  registry.test: {}\n  registry.test: {}\n');
    await assert.rejects(loadLookaside(directory), {
      kind: 'invalid',
      code: 'policy-file',
      message: /d\.yaml": it is no YAML: Map keys must be unique at line 3, column 3$/,
    });
    await writeFile(join(directory, 'd.yaml'), 'a: &a [x, x]\nb: [*a, *a]\n');
    await assert.rejects(loadLookaside(directory), { message: /d\.yaml": it is no YAML: / });
    await rm(join(directory, 'd.yaml'));
    await symlink(join(directory, 'nowhere'), join(directory, 'd.yaml'));
    await assert.rejects(loadLookaside(directory), { kind: 'system' });
  });
});

test('a store on a web server is asked for each signature until one is missing', async () => {
  const asked: string[] = [];
  const places = joinOne({ 'default-docker': { lookaside: 'https://a.test/x/' } });
  const files = {
    fetchFile: async ({ href }: URL) => {
      asked.push(href);
      return asked.length < 3 ? Buffer.from(String(asked.length)) : undefined;
    },
  };
  const found: string[] = [];
  for await (const bytes of createLookasideStore(places, files).read(reference, digest, {})) {
    found.push(bytes.toString());
  }
  assert.deepEqual(found, ['1', '2']);
  const directory = `https://a.test/x/acme/tools/p@${digest.replace(':', '=')}`;
  assert.deepEqual(
    asked,
    [1, 2, 3].map((number) => `${directory}/signature-${number}`),
  );
});
