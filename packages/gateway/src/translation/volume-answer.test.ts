import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { type ForwardedVolumeMethod, translateAnswer } from './volume-answer.ts';

const toHostPaths = async (paths: readonly string[]) =>
  paths.map((path) => (path.startsWith('/outside') ? undefined : `/host${path}`));

/** The answer for the consumer; `as it is` when the bytes are kept. */
async function translated(method: ForwardedVolumeMethod, text: string, status = 200) {
  const answer = await translateAnswer(method, { status, text }, toHostPaths);
  return answer === undefined ? 'as it is' : { status: answer.status, body: JSON.parse(answer.text) };
}

const asItIs: readonly (readonly [string, ForwardedVolumeMethod, string, number?])[] = [
  ['a success', 'done', '{ "Err":"" }'],
  ['a success without Err', 'done', '{}\n'],
  [
    'a volume without a path',
    'Get',
    '{"Volume":{"Name":"v","Status":{"a":[1]},"CreatedAt":"2024-01-01T00:00:00Z"}}',
  ],
  ['an empty path', 'Path', '{"Mountpoint":"","Err":""}'],
  ['a list without paths', 'List', '{"Volumes":[{"Name":"v","Mountpoint":""}],"Err":""}'],
  ['an empty list', 'List', '{"Volumes":[]}'],
  ['a scope', 'Capabilities', '{"Capabilities":{"Scope":"global","Other":1}}'],
  ['a failure in the right form', 'Get', '{"Err":"no such volume"}', 500],
  ['a failure with another status', 'done', '{"Err":"no room"}', 404],
];

const changed: readonly (readonly [string, ForwardedVolumeMethod, string, unknown])[] = [
  ['the path of a volume', 'Path', '{"Mountpoint":"/mnt/v"}', { Mountpoint: '/host/mnt/v' }],
  [
    'the path of a volume with its details, and keeps numbers and unknown fields',
    'Get',
    '{"Volume":{"Name":"v","Mountpoint":"/mnt/v","Status":{"Size":5},"Extra":true},"Err":""}',
    { Volume: { Name: 'v', Mountpoint: '/host/mnt/v', Status: { Size: 5 }, Extra: true }, Err: '' },
  ],
  [
    'the paths of a list, and leaves out one that the host does not see',
    'List',
    '{"Volumes":[{"Name":"a","Mountpoint":"/a"},{"Name":"b","Mountpoint":"/outside"},{"Name":"c","Mountpoint":"/c"}]}',
    { Volumes: [{ Name: 'a', Mountpoint: '/host/a' }, { Name: 'b' }, { Name: 'c', Mountpoint: '/host/c' }] },
  ],
  [
    'names of fields in other letter case',
    'Get',
    '{"volume":{"name":"v","mountPoint":"/m","createdat":"2024-01-01T00:00:00.5+01:00","status":null},"err":""}',
    {
      Volume: { Name: 'v', Mountpoint: '/host/m', CreatedAt: '2024-01-01T00:00:00.5+01:00', Status: null },
      Err: '',
    },
  ],
  ['a missing list', 'List', '{"Err":""}', { Volumes: [], Err: '' }],
  ['a list of null', 'List', '{"Volumes":null}', { Volumes: [] }],
  ['an answer of null', 'List', 'null', { Volumes: [] }],
  [
    'a list with entries that are no volumes',
    'List',
    '{"Volumes":[null,5,"x",{"Name":"v"}]}',
    { Volumes: [{ Name: 'v' }] },
  ],
  ['an empty time', 'Get', '{"Volume":{"Name":"v","CreatedAt":""}}', { Volume: { Name: 'v' } }],
  [
    'a malformed time',
    'List',
    '{"Volumes":[{"Name":"v","CreatedAt":"yesterday"}]}',
    { Volumes: [{ Name: 'v' }] },
  ],
  ['missing capabilities', 'Capabilities', '{}', { Capabilities: { Scope: 'local' } }],
  [
    'an unknown scope',
    'Capabilities',
    '{"Capabilities":{"Scope":"?"}}',
    { Capabilities: { Scope: 'local' } },
  ],
  [
    'a scope in other letter case',
    'Capabilities',
    '{"capabilities":{"scope":"GLOBAL"}}',
    { Capabilities: { Scope: 'global' } },
  ],
  ['an error of null', 'done', '{"Err":null}', { Err: '' }],
  ['a success without a body', 'done', '', {}],
  ['a success of null', 'done', 'null', {}],
  ['a second value behind the answer', 'done', '{"Err":""}{"Err":"late"}', { Err: '' }],
];

const failures: readonly (readonly [string, ForwardedVolumeMethod, string, number, number, string])[] = [
  ['Err with status 200', 'done', '{"Err":"no room"}', 200, 500, 'no room'],
  ['err in lower case', 'Path', '{"err":"no room"}', 200, 500, 'no room'],
  ['Err that is no string', 'Get', '{"Err":{"code":5}}', 200, 500, '{"code":5}'],
  ['plain text', 'done', 'it broke\n', 500, 500, 'it broke'],
  ['plain text with status 404', 'Path', '404 page not found\n', 404, 404, '404 page not found'],
  ['JSON without Err', 'done', '{"message":"x"}', 503, 503, '{"message":"x"}'],
  ['nothing', 'done', '', 502, 502, 'status 502'],
  ['a redirect', 'done', '', 302, 500, 'status 302'],
  ['status 201', 'done', '{}', 201, 500, '{}'],
  ['no volume', 'Get', '{"Volume":null,"Err":""}', 200, 500, 'no such volume'],
  ['an answer without a volume', 'Get', '{}', 200, 500, 'no such volume'],
  ['an empty volume', 'Get', '{"Volume":{"Name":"","Mountpoint":""}}', 200, 500, 'no such volume'],
];

describe('translateAnswer()', () => {
  for (const [name, method, text, status] of asItIs) {
    test(`keeps the bytes of ${name}`, async () => {
      assert.equal(await translated(method, text, status), 'as it is');
    });
  }

  for (const [name, method, text, body] of changed) {
    test(`puts right ${name}`, async () => {
      assert.deepEqual(await translated(method, text), { status: 200, body });
    });
  }

  for (const [name, method, text, from, status, reason] of failures) {
    test(`turns ${name} into a failure that each consumer understands`, async () => {
      const answer = await translated(method, text, from);
      assert.ok(typeof answer === 'object');
      assert.deepEqual([answer.status, answer.body.Err], [status, reason]);
    });
  }

  for (const [text, status] of [
    ['{"Err":"not implemented"}', 200],
    ['404 page not found', 404],
  ] as const) {
    test(`takes capabilities that fail with ${status} for the default`, async () => {
      const body = { Capabilities: { Scope: 'local' }, Err: '' };
      assert.deepEqual(await translated('Capabilities', text, status), { status: 200, body });
    });
  }

  for (const [method, text] of [
    ['done', 'ok'],
    ['done', '[]'],
    ['List', ''],
    ['List', '{"Volumes":{}}'],
    ['Get', '{"Volume":"v"}'],
    ['Path', '{"Mountpoint":5}'],
  ] as const) {
    test(`refuses ${method} with the answer ${JSON.stringify(text)}`, async () => {
      await assert.rejects(translated(method, text), { kind: 'system', code: 'plugin-reply-malformed' });
    });
  }

  test('keeps digits that no number of JavaScript holds', async () => {
    const text = '{"Volume":{"Name":"v","Mountpoint":"/m","Status":{"Size":9223372036854775807}}}';
    const answer = await translateAnswer('Get', { status: 200, text }, toHostPaths);
    assert.equal(
      answer?.text,
      '{"Volume":{"Name":"v","Status":{"Size":9223372036854775807},"Mountpoint":"/host/m"}}',
    );
  });

  test('fails a path that cannot be translated', async () => {
    const refuse = async () => {
      throw new OutboardError('system', 'the path leads out', { code: 'path-escapes' });
    };
    await assert.rejects(translateAnswer('Path', { status: 200, text: '{"Mountpoint":"/x"}' }, refuse), {
      code: 'path-escapes',
    });
  });
});
