import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { createMemoryRegistryClient } from '@outboard/oci/memory';
import pino from 'pino';
import { openSignaturePolicy } from './open-signature-policy.ts';

const reject = { default: [{ type: 'reject' }] };

/** A policy file, and what opens it. */
async function policyFile(t: TestContext, content?: string | Buffer) {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-policy-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'policy.json');
  if (content !== undefined) await writeFile(path, content);
  const deps = {
    logger: pino({ level: 'silent' }),
    files: createMemoryRegistryClient(new Map()),
    scratchDirectory: directory,
  };
  const file = { path, lookasideDirectory: join(directory, 'registries.d') };
  return {
    path,
    directory,
    file,
    open: (more: object = {}) => openSignaturePolicy({ ...file, ...more }, deps),
  };
}

/** A policy whose registry has one requirement. */
function requiring(requirement: object): string {
  return JSON.stringify({ ...reject, transports: { docker: { 'reg.test': [requirement] } } });
}

const cases: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['no JSON', '{"default": [', /policy\.json: .*signature policy/],
  ['an empty file', '', /policy\.json: .*signature policy/],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0]), /policy\.json: .*signature policy/],
  ['a list', '[]', /policy\.json: invalid signature policy: want an object, got/],
  [
    'a field twice',
    '{"default":[{"type":"reject"}],"default":[]}',
    /policy\.json: invalid signature policy at \.default: ambiguous/,
  ],
  ['no default', '{}', /at "default": want a list with at least one requirement/],
  ['a misspelt field', JSON.stringify({ ...reject, transport: {} }), /unknown field "transport"/],
  ['an unknown requirement', '{"default":[{"type":"rejekt"}]}', /at "default\[0\]": unknown type "rejekt"/],
  [
    'an unknown field of a requirement',
    requiring({ type: 'reject', why: '' }),
    /at "transports\.docker\.reg\.test\[0\]": unknown field "why"/,
  ],
  [
    'a relative path',
    requiring({ type: 'sigstoreSigned', keyPath: 'a.pub' }),
    /reg\.test\[0\]\.keyPath": want an absolute path/,
  ],
  [
    'a key that is missing',
    requiring({ type: 'sigstoreSigned', keyPath: '/none/a.pub' }),
    /cannot read key at "?\/none\/a\.pub/,
  ],
  [
    'an OpenPGP key that is missing',
    requiring({ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/none/a.gpg' }),
    /cannot read key at "?\/none\/a\.gpg/,
  ],
  [
    'a key that is none',
    requiring({ type: 'signedBy', keyType: 'GPGKeys', keyData: 'AAAA' }),
    /a key in the policy holds no OpenPGP keys/,
  ],
  ['a file of another size', Buffer.alloc(1024 * 1024 + 1, ' '), /policy\.json: .*1048576/],
];

describe('a wrong policy', () => {
  for (const [title, content, message] of cases) {
    test(`with ${title} is refused at the start, and at a reload that keeps the one in force`, async (t) => {
      const { path, file, open } = await policyFile(t, content);
      const expected = { message };
      await assert.rejects(open(), expected);
      await writeFile(path, JSON.stringify(reject));
      const policy = await open();
      await writeFile(path, content);
      await assert.rejects(policy.prepare(file), expected);
      assert.equal(policy.current()?.default[0]?.type, 'reject');
    });
  }

  test('is one whose places of signatures are wrong, if it asks for them', async (t) => {
    const { directory, open, path } = await policyFile(t, JSON.stringify(reject));
    const lookasideDirectory = directory;
    await writeFile(join(directory, 'a.yaml'), '[');
    await open({ lookasideDirectory });
    await writeFile(path, requiring({ type: 'signedBy', keyType: 'GPGKeys', keyData: 'AAAA' }));
    await assert.rejects(open({ lookasideDirectory }), {
      code: 'policy-file',
      message: /a\.yaml": it is no YAML/,
    });
  });
});

test('a policy that is missing is refused, unless it may be', async (t) => {
  const { open } = await policyFile(t);
  await assert.rejects(open(), { kind: 'system', message: /cannot read signature policy at .*policy\.json/ });
  assert.equal((await open({ mayBeMissing: true })).current(), undefined);
  assert.equal((await open({ path: '' })).current(), undefined);
});
