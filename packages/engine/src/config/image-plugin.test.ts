import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf, mediaTypes, OutboardError } from '@outboard/oci';
import { messagesOf } from './config-finding.ts';
import { pluginConfigLabel } from './image-config.ts';
import { layConfigOver, readConfigBlob } from './image-plugin.ts';
import { readConfigDocument } from './parse-plugin-config.ts';

const label = { interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' } };
const layer = digestOf(Buffer.from('layer'));

/** The config of an image; `process` is its part about the process. */
function imageOf(process: object = {}, labelled: object | string | null = label): object {
  const text = typeof labelled === 'string' ? labelled : JSON.stringify(labelled);
  return {
    architecture: 'amd64',
    os: 'linux',
    config: { ...process, Labels: labelled === null ? null : { [pluginConfigLabel]: text } },
    rootfs: { type: 'layers', diff_ids: [layer] },
    history: [{ created_by: 'a build' }],
  };
}

function read(image: object) {
  return readConfigBlob(Buffer.from(JSON.stringify(image)), mediaTypes.ociImageConfig);
}

const variable = (name: string, value: string | null, settable: readonly string[] | null = []) => ({
  description: '',
  name,
  settable,
  value,
});

describe('readConfigBlob()', () => {
  test('reads the config of a plugin as it is', () => {
    const bytes = Buffer.from('{"entrypoint":["/p"]}');
    assert.deepEqual(readConfigBlob(bytes, mediaTypes.dockerPluginConfig).config.entrypoint, ['/p']);
  });

  for (const [title, process, author, expected] of [
    ['entrypoint and command', { Entrypoint: ['/p'], Cmd: ['-v'] }, {}, ['/p', '-v']],
    ['the command alone', { Cmd: ['/p', '-v'] }, {}, ['/p', '-v']],
    ['the entrypoint of the label, without the command', { Cmd: ['-v'] }, { entrypoint: ['/q'] }, ['/q']],
    [
      'no command where the label has arguments',
      { Entrypoint: ['/p'], Cmd: ['-v'] },
      { args: { value: ['-q'] } },
      ['/p'],
    ],
    ['the entrypoint for an empty one', { Entrypoint: ['/p'] }, { Entrypoint: [] }, ['/p']],
  ] as const) {
    test(`takes from an image ${title}`, () => {
      assert.deepEqual(read(imageOf(process, { ...label, ...author })).config.entrypoint, expected);
    });
  }

  test('adds the variables of the image, which are settable only if the label says so', () => {
    const env = [
      { name: 'DEBUG', settable: ['value'] },
      { name: 'OWN', value: 'o' },
    ];
    const process = { Env: ['PATH=/bin', 'DEBUG=1', 'EMPTY', 'PATH=/sbin'] };
    assert.deepEqual(read(imageOf(process, { ...label, env })).config.env, [
      variable('PATH', '/sbin'),
      variable('EMPTY', ''),
      variable('DEBUG', '1', ['value']),
      variable('OWN', 'o', null),
    ]);
    assert.equal(read(imageOf()).config.env, null);
  });

  for (const [written, expected] of [
    ['/srv/', '/srv'],
    ['srv', '/srv'],
    ['/', ''],
    ['/a/../../b', '/b'],
  ] as const) {
    test(`reads the working directory ${written} as ${JSON.stringify(expected)}`, () => {
      assert.equal(read(imageOf({ WorkingDir: written })).config.workDir, expected);
    });
  }

  test('keeps all else of the label, and the diff IDs of the image', () => {
    const { config } = read(imageOf({}, { ...label, network: { type: 'host' }, rootfs: { diff_ids: [] } }));
    assert.equal(config.network.type, 'host');
    assert.deepEqual(config.rootfs, { type: 'layers', diffIds: [layer] });
  });

  test('I18 warns of the user of an image, who has no effect', () => {
    for (const user of ['', 'root', '0:0']) assert.deepEqual(read(imageOf({ User: user })).findings, []);
    assert.match(
      messagesOf(read(imageOf({ User: 'nobody' })).findings).join('\n'),
      /"User": "nobody" has no effect/,
    );
  });

  for (const [title, labelled, message] of [
    ['no JSON', '{', /^label "io\.outboard\.plugin\.config" of the image: failed to parse config/],
    ['a list', '[]', /^label .*: failed to parse config: expected an object, got \[\]/],
    [
      'a field of the wrong type',
      { env: { A: 'b' } },
      /^label .*: failed to parse config: "Env": expected an array/,
    ],
    ['a field twice', '{"Env":[],"env":[]}', /^label .*: .*ambiguous/],
    ['1 MiB of text', { description: 'x'.repeat(1024 * 1024) }, /io\.outboard\.plugin\.config.*1048576/],
  ] as const) {
    test(`R07 refuses a label with ${title}`, () => {
      assert.throws(
        () => read(imageOf({}, labelled)),
        (error) => {
          assert.ok(error instanceof OutboardError && error.kind === 'invalid', String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test('R06 refuses an image without the label, and names it', () => {
    assert.throws(() => read(imageOf({}, null)), {
      code: 'not-a-plugin',
      message: /"io\.outboard\.plugin\.config"/,
    });
  });

  for (const [title, image] of [
    ['a list', []],
    ['a process of another type', { config: [] }],
    ['variables of another type', { config: { Env: [1] } }],
    ['100,000 variables', { config: { Env: Array.from({ length: 100_000 }, (_, index) => `A${index}=`) } }],
    ['a diff ID that is none', { rootfs: { diff_ids: ['sha256:../../x'] } }],
  ] as const) {
    test(`R07 refuses the config of an image that is ${title}`, () => {
      assert.throws(() => read(image), { kind: 'invalid', message: /config of the image/ });
    });
  }
});

test('layConfigOver() lays field over field, and null over nothing', () => {
  const lower = { Network: { type: 'host' }, mounts: [], Description: 'a label' };
  const upper = { network: { type: 'none' }, MOUNTS: null, description: 'a file' };
  const { config } = readConfigDocument(layConfigOver(lower, upper));
  assert.deepEqual([config.network.type, config.mounts, config.description], ['none', [], 'a file']);
});
