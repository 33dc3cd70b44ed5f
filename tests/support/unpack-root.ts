/**
 * A directory to unpack into, beside a directory that no archive may change or read.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppliedLayer, openUnpackJail, type UnpackJail, type UnpackLimits } from '@outboard/container';
import { type TarEntryFields, tarArchive } from './tar.ts';

/** A root to unpack into and, beside it, files that must not change. Dispose checks them, and deletes everything. */
export interface UnpackRoot extends Disposable {
  readonly root: string;
  /** A directory outside the root with a file `f`, which has a second name, and a directory `d`. */
  readonly victim: string;
  open(limits?: Partial<UnpackLimits>): UnpackJail;
  /** Open a jail, apply layers in order, finish and dispose it. */
  unpack(layers: readonly Layer[], limits?: Partial<UnpackLimits>): Promise<AppliedLayer[]>;
  /** Content of the root: see `treeOf`. */
  tree(): Record<string, string>;
}

/** Entries, or the bytes of a whole layer. */
export type Layer = readonly TarEntryFields[] | Buffer;

/** Create the directories. @param base their parent, default the directory for temporary files */
export function makeUnpackRoot(base: string = tmpdir()): UnpackRoot {
  const place = mkdtempSync(join(base, 'outboard-jail-'));
  const [root, victim] = [join(place, 'root'), join(place, 'victim')];
  const secret = randomBytes(32).toString('hex');
  mkdirSync(root, { mode: 0o755 });
  mkdirSync(join(victim, 'd'), { recursive: true });
  writeFileSync(join(victim, 'f'), secret, { mode: 0o600 });
  linkSync(join(victim, 'f'), join(victim, 'd', 'second-name'));
  const before = canaryOf(victim);
  return {
    root,
    victim,
    open: (limits = {}) => openUnpackJail(root, { limits }),
    async unpack(layers, limits = {}) {
      await using jail = openUnpackJail(root, { limits });
      const applied: AppliedLayer[] = [];
      for (const layer of layers) applied.push(await jail.apply(streamLayer(layer)));
      await jail.finish();
      return applied;
    },
    tree: () => treeOf(root),
    [Symbol.dispose]() {
      try {
        assert.deepEqual(canaryOf(victim), before, 'something outside the root changed');
        for (const [name, what] of Object.entries(treeOf(root))) {
          assert.ok(!what.includes(secret), `${name} shows a file from outside the root`);
        }
      } finally {
        rmSync(place, { recursive: true });
      }
    },
  };
}

/** A layer in pieces, as from a network. */
export async function* streamLayer(layer: Layer, pieceBytes = 64 * 1024): AsyncGenerator<Buffer> {
  const bytes = Buffer.isBuffer(layer) ? layer : tarArchive(layer);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/**
 * All names below a directory, in `latin1`: `directory`, `file <content>`, `link <target>`, `fifo`, `character 1:3`.
 */
export function treeOf(root: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const rest = [''];
  for (let at = rest.pop(); at !== undefined; at = rest.pop()) {
    for (const name of readdirSync(inside(root, at), { encoding: 'latin1' })) {
      const path = at === '' ? name : `${at}/${name}`;
      tree[path] = describe(inside(root, path));
      if (tree[path] === 'directory') rest.push(path);
    }
  }
  return tree;
}

function inside(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')]);
}

function describe(path: Buffer): string {
  const found = lstatSync(path);
  if (found.isDirectory()) return 'directory';
  if (found.isFile()) return `file ${readFileSync(path, 'latin1')}`;
  if (found.isSymbolicLink()) return `link ${readlinkSync(path, 'latin1')}`;
  if (found.isFIFO()) return 'fifo';
  const number = `${(found.rdev >> 8) & 0xfff}:${(found.rdev & 0xff) | ((found.rdev >> 12) & 0xfff00)}`;
  return `${found.isBlockDevice() ? 'block' : 'character'} ${number}`;
}

function canaryOf(victim: string): Record<string, unknown> {
  const names = ['.', ...readdirSync(victim, { recursive: true, encoding: 'utf8' })];
  return Object.fromEntries(
    names.sort().map((name) => {
      const path = join(victim, name);
      const { ino, mode, uid, gid, mtimeMs, nlink } = lstatSync(path);
      return [name, { ino, mode, uid, gid, mtimeMs, nlink, what: describe(Buffer.from(path)) }];
    }),
  );
}
