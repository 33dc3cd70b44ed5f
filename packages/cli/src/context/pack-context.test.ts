import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import koffi from 'koffi';
import { checkContext } from './check-context.ts';
import { packContext } from './pack-context.ts';

const isRoot = process.getuid?.() === 0;
const signal = new AbortController().signal;
let home: string;
let context: string;
let rootfs: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'ob-pack-'));
  context = join(home, 'context');
  rootfs = join(context, 'rootfs');
  mkdirSync(rootfs, { recursive: true });
  writeFileSync(join(context, 'config.json'), '{}');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const libc = koffi.load(null);
const setAttribute = libc.func(
  'int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
);
const getAttribute = libc.func(
  'intptr_t getxattr(const char *path, const char *name, void *value, size_t size)',
);
const listAttributes = libc.func('intptr_t listxattr(const char *path, void *names, size_t size)');

/** Names of a file's attributes, without those that the host sets on every file. */
function attributesOf(path: string): string {
  const names = Buffer.alloc(4096);
  const length = listAttributes(path, names, names.length);
  const all = names.toString('latin1', 0, length).split('\0');
  return all.filter((name) => name !== '' && name !== 'security.selinux').join(' ');
}

/** Pack the context and unpack it with GNU tar as the reference. @returns the directory */
async function roundTrip(onWarning: (message: string) => void = () => {}): Promise<string> {
  const target = join(home, 'target');
  mkdirSync(target);
  const tar = spawn(
    'tar',
    ['--extract', '--preserve-permissions', '--xattrs', '--xattrs-include=*', '--directory', target],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  const ended = once(tar, 'close');
  await pipeline(packContext(context, { onWarning, signal }), tar.stdin);
  assert.deepEqual(await ended, [0, null]);
  return target;
}

/** The path whose bytes are the characters of a string, each below 256: names need not be UTF-8. */
function bytePath(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join('/'), 'latin1');
}

/** All properties of a tree that an archive keeps, one line for each entry. */
function describeTree(directory: string, path = '.'): readonly string[] {
  return readdirSync(bytePath(directory, path), 'latin1').flatMap((name) => {
    const inner = `${path}/${name}`;
    const place = bytePath(directory, inner);
    const stats = lstatSync(place);
    const content = stats.isSymbolicLink()
      ? readlinkSync(place, 'latin1')
      : stats.isFile()
        ? createHash('sha256').update(readFileSync(place)).digest('hex')
        : '';
    const times = Math.floor(stats.mtimeMs / 1000);
    const size = stats.isDirectory() ? 0 : stats.size;
    const facts = [
      inner,
      stats.mode,
      stats.uid,
      stats.gid,
      size,
      stats.rdev,
      times,
      stats.nlink,
      content,
    ].join(' ');
    return stats.isDirectory() ? [facts, ...describeTree(directory, inner)] : [facts];
  });
}

describe('packContext()', () => {
  test('makes an archive that GNU tar restores unchanged', async () => {
    const long = 'x'.repeat(200);
    mkdirSync(join(rootfs, long));
    for (const [name, bytes] of [
      ['empty', 0],
      ['block', 512],
      ['small', 700],
      ['shared', 128 * 1024],
      ['alone', 128 * 1024 + 1],
      ['large', 3 * 1024 * 1024 + 1],
      ['größe 日本\n', 3],
      [`${long}/${long}`, 5],
    ] as const) {
      writeFileSync(join(rootfs, name), Buffer.alloc(bytes, name));
    }
    linkSync(join(rootfs, 'small'), join(rootfs, 'small-again'));
    linkSync(join(rootfs, long, long), join(rootfs, 'long-again'));
    symlinkSync('/no/such', join(rootfs, 'symlink'));
    symlinkSync(join(long, long), join(rootfs, 'long-symlink'));
    execFileSync('mkfifo', [join(rootfs, 'fifo')]);
    chmodSync(join(rootfs, 'large'), 0o4711);
    chmodSync(rootfs, 0o1777);
    utimesSync(join(rootfs, 'small'), 1e9, 1e9);
    utimesSync(join(rootfs, 'block'), 5e9, 5e9);
    utimesSync(join(rootfs, 'empty'), -86_400, -86_400);
    assert.deepEqual(describeTree(await roundTrip()), describeTree(context));
  });

  test('keeps mode 0, large owners and devices', { skip: !isRoot && 'needs root' }, async () => {
    writeFileSync(join(rootfs, 'closed'), 'x');
    chmodSync(join(rootfs, 'closed'), 0);
    writeFileSync(join(rootfs, 'owned'), 'x');
    chownSync(join(rootfs, 'owned'), 3_000_000_000, 300_000);
    execFileSync('mknod', [join(rootfs, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(rootfs, 'disk'), 'b', '259', '70000']);
    assert.deepEqual(describeTree(await roundTrip()), describeTree(context));
  });

  test('keeps file capabilities, and no other attribute', { skip: !isRoot && 'needs root' }, async () => {
    const capable = join(rootfs, 'capable');
    writeFileSync(capable, 'x');
    linkSync(capable, join(rootfs, 'second-name'));
    writeFileSync(join(rootfs, 'plain'), 'x');
    // VFS_CAP_REVISION_2 with the effective bit, CAP_NET_RAW permitted.
    const capabilities = Buffer.alloc(20);
    capabilities.writeUInt32LE(0x0200_0001, 0);
    capabilities.writeUInt32LE(1 << 13, 4);
    assert.equal(setAttribute(capable, 'security.capability', capabilities, capabilities.length, 0), 0);
    assert.equal(setAttribute(capable, 'user.note', Buffer.from('x'), 1, 0), 0);
    const target = join(await roundTrip(), 'rootfs');
    const kept = ['capable', 'second-name', 'plain'].map((name) => attributesOf(join(target, name)));
    assert.deepEqual(kept, ['security.capability', 'security.capability', '']);
    const value = Buffer.alloc(64);
    const length = getAttribute(join(target, 'capable'), 'security.capability', value, value.length);
    assert.deepEqual(value.subarray(0, length), capabilities);
  });

  test('archives nothing but config.json and rootfs/', async () => {
    writeFileSync(join(context, 'secret'), 'x');
    mkdirSync(join(context, 'rootfs2'));
    assert.deepEqual(readdirSync(await roundTrip()).sort(), ['config.json', 'rootfs']);
  });

  test('follows the two top entries, and no other link', async () => {
    const elsewhere = join(home, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'file'), 'x');
    rmSync(rootfs, { recursive: true });
    symlinkSync(elsewhere, rootfs);
    symlinkSync('/etc', join(elsewhere, 'etc'));
    const target = await roundTrip();
    assert.deepEqual(readdirSync(join(target, 'rootfs')).sort(), ['etc', 'file']);
    assert.ok(lstatSync(join(target, 'rootfs/etc')).isSymbolicLink());
  });

  test('leaves sockets out with a warning', async () => {
    const server = createServer().listen(join(rootfs, 's'));
    await once(server, 'listening');
    try {
      const warnings: string[] = [];
      assert.deepEqual(readdirSync(join(await roundTrip((text) => warnings.push(text)), 'rootfs')), []);
      assert.deepEqual(warnings, [`left out "${join(rootfs, 's')}": a socket cannot be archived`]);
    } finally {
      server.close();
    }
  });

  test('fails when a file shrinks while it is read', async () => {
    writeFileSync(join(rootfs, 'a'), Buffer.alloc(4 * 1024 * 1024));
    await assert.rejects(async () => {
      for await (const _ of packContext(context, { onWarning: () => {}, signal })) {
        truncateSync(join(rootfs, 'a'), 10);
      }
    }, /cannot archive ".*\/a": the file shrank/);
  });

  test('keeps names that are not UTF-8 byte by byte', async () => {
    const long = '\xe9'.repeat(150);
    writeFileSync(bytePath(rootfs, 'a\xff'), 'x');
    linkSync(bytePath(rootfs, 'a\xff'), bytePath(rootfs, 'b\xfe'));
    mkdirSync(bytePath(rootfs, long));
    symlinkSync(bytePath('no', 'such', '\xff'), bytePath(rootfs, long, 'c\xff'));
    assert.deepEqual(describeTree(await roundTrip()), describeTree(context));
  });

  test('stops when it is cancelled', async () => {
    const packed = packContext(context, { onWarning: () => {}, signal: AbortSignal.abort() });
    await assert.rejects(packed.toArray(), { name: 'AbortError' });
  });
});

describe('checkContext()', () => {
  const cases: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'no directory',
      () => rmSync(context, { recursive: true }),
      /^stat .*\/context: no such file or directory$/,
    ],
    [
      'no config.json',
      () => rmSync(join(context, 'config.json')),
      /^open .*\/config\.json: no such file or directory$/,
    ],
    ['no rootfs', () => rmSync(rootfs, { recursive: true }), /^stat .*\/rootfs: no such file or directory$/],
    [
      'a config.json that is not JSON',
      () => writeFileSync(join(context, 'config.json'), '{'),
      /not valid JSON/,
    ],
    [
      'a config.json that is no object',
      () => writeFileSync(join(context, 'config.json'), '[]'),
      /a JSON object/,
    ],
    ['an endless config.json', () => truncateSync(join(context, 'config.json'), 5e6), /is larger than/],
    [
      'a file for rootfs',
      () => {
        rmSync(rootfs, { recursive: true });
        writeFileSync(rootfs, '');
      },
      /is not a directory/,
    ],
  ];
  for (const [name, change, reason] of cases) {
    test(`reports ${name}`, async () => {
      change();
      await assert.rejects(checkContext(context), { message: reason });
    });
  }

  test('accepts a directory with both', () => checkContext(context));
});
