import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOutboardError, type TarEntry } from '@outboard/oci';
import { createContextSplitter } from './plugin-context.ts';

interface Piece {
  readonly name: string;
  readonly type?: TarEntry['type'];
  readonly content?: string;
  readonly linkName?: string;
  readonly size?: number;
}

/** Feed entries to a splitter. @returns what it passed on, and the config */
function split(pieces: readonly Piece[]) {
  const passed: string[] = [];
  const splitter = createContextSplitter({
    onEntry: ({ type, name, linkName }) => {
      passed.push([type, name.toString(), ...(linkName.length > 0 ? [linkName.toString()] : [])].join(' '));
    },
    onContent: (chunk) => void passed.push(`= ${chunk}`),
    onEntryEnd: () => undefined,
  });
  for (const { name, type = 'file', content = '', linkName = '', size } of pieces) {
    splitter.onEntry({
      type,
      name: Buffer.from(name),
      linkName: Buffer.from(linkName),
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: size ?? content.length,
      modifiedAt: 0,
      deviceMajor: 0,
      deviceMinor: 0,
      xattrs: new Map(),
    });
    if (content !== '') splitter.onContent(Buffer.from(content));
    splitter.onEntryEnd();
  }
  return { passed, config: splitter.finish().toString() };
}

const config = { name: 'config.json', content: '{}' };
const rootfs = { name: 'rootfs', type: 'directory' } as const;

for (const [spelling, configName, rootfsName] of [
  ['plain names', 'config.json', 'rootfs/bin'],
  ['a leading ./', './config.json', './rootfs/bin'],
  ['a leading /', '/config.json', '/rootfs/bin'],
  ['doubled slashes', './/config.json', 'rootfs//bin'],
] as const) {
  test(`A43 the splitter takes ${spelling}, in either order`, () => {
    const pieces = [
      { name: configName, content: '{"a":1}' },
      { name: rootfsName, content: 'program' },
    ];
    for (const order of [pieces, [...pieces].reverse()]) {
      const result = split(order);
      assert.deepEqual(result.passed, ['file bin', '= program']);
      assert.equal(result.config, '{"a":1}');
    }
  });
}

test('A43 the splitter passes on what is under rootfs/ and nothing else', () => {
  const { passed } = split([
    config,
    rootfs,
    { name: 'rootfs2/evil', content: 'x' },
    { name: 'ROOTFS/evil', content: 'x' },
    { name: 'README', content: 'x' },
    { name: '../rootfs-evil', content: 'x' },
    { name: 'rootfs/etc/', type: 'directory' },
    { name: 'rootfs/etc/config.json', content: 'inner' },
  ]);
  assert.deepEqual(passed, ['directory ./', 'directory etc', 'file etc/config.json', '= inner']);
});

test('the splitter re-roots hard links, and leaves symlinks as they are', () => {
  const { passed } = split([
    config,
    { name: 'rootfs/a', content: 'x' },
    { name: 'rootfs/b', type: 'hard-link', linkName: 'rootfs/a' },
    { name: 'rootfs/c', type: 'hard-link', linkName: './rootfs/a' },
    { name: 'rootfs/d', type: 'hard-link', linkName: '/rootfs/a' },
    { name: 'rootfs/e', type: 'symlink', linkName: '/rootfs/a' },
  ]);
  assert.deepEqual(passed, [
    'file a',
    '= x',
    'hard-link b a',
    'hard-link c a',
    'hard-link d a',
    'symlink e /rootfs/a',
  ]);
});

for (const [title, pieces, message] of [
  ['a context without rootfs', [config], /^no rootfs found/],
  ['a context without config.json', [rootfs], /^config not found/],
  ['two configs', [config, config, rootfs], /appears twice/],
  ['a config of 1 GiB', [{ name: 'config.json', size: 2 ** 30 }], /more than the limit/],
  [
    'a config that is a symlink',
    [{ name: 'config.json', type: 'symlink', linkName: '/etc/shadow' }],
    /regular file/,
  ],
  [
    'a config that is a hard link',
    [{ name: 'config.json', type: 'hard-link', linkName: 'rootfs/a' }],
    /regular file/,
  ],
  [
    'a hard link to the config',
    [config, { name: 'rootfs/a', type: 'hard-link', linkName: '../config.json' }],
    /"\.\."|leads out/,
  ],
  [
    'a hard link beside rootfs',
    [config, { name: 'rootfs/a', type: 'hard-link', linkName: 'config.json' }],
    /leads out of rootfs/,
  ],
  ['a name that leaves rootfs', [config, { name: 'rootfs/../../etc/passwd', content: 'x' }], /"\.\."/],
] as const) {
  test(`A43 the splitter refuses ${title}`, () => {
    assert.throws(
      () => split(pieces),
      (error) => isOutboardError(error, 'invalid') && message.test(error.message),
    );
  });
}
