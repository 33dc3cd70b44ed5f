/**
 * Archives of a real tree must unpack as GNU tar unpacks them: the same names, owners, modes, times, links and bytes.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openUnpackJail } from '@outboard/container';
import { needsRoot } from '../support/needs-root.ts';

/** Directories with many links, owners and modes; those that exist on this machine. */
const realDirectories = ['etc', 'usr/share/zoneinfo', 'usr/share/perl'].filter((path) =>
  existsSync(`/${path}`),
);

/**
 * Entries that real directories lack: hard links, fifos, devices, long and unusual names, closed and setgid
 * directories.
 */
const script = `
  set -e
  mkdir -p odd/deep odd/shared odd/closed
  echo content > odd/file; ln odd/file odd/hard; ln odd/file odd/deep/hard-too; ln -s nowhere odd/dangling
  ln -s file odd/link; ln odd/link odd/hard-link-to-link; mkfifo odd/pipe; mknod odd/null c 1 3; mknod odd/loop b 7 9
  echo long > "odd/$(printf 'n%.0s' $(seq 200))"; ln -s "$(printf 't%.0s' $(seq 300))" odd/long-target
  echo odd > "$(printf 'odd/new\\nline-\\377')"
  chmod 4751 odd/file; chown 12:34 odd/file odd/deep; chown -h 5:6 odd/dangling
  chmod 2775 odd/shared; chgrp 50 odd/shared; echo in > odd/shared/in; chgrp 0 odd/shared/in
  chmod 1777 odd/deep; echo in > odd/closed/in; chmod 0 odd/closed
  touch -d '2001-02-03 04:05:06' odd/file odd/closed odd/deep; touch -h -d '1970-01-01 00:00:01 UTC' odd/link
`;

describe('an archive of a real tree unpacks as with GNU tar', { skip: needsRoot }, () => {
  let place = '';
  const inPlace = (name: string) => join(place, name);

  before(() => {
    place = mkdtempSync(join(tmpdir(), 'outboard-differential-'));
    execFileSync('bash', ['-c', script], { cwd: place });
    const whole = ['--numeric-owner', '--format=gnu', '-cf', inPlace('real.tar')];
    execFileSync('tar', [...whole, '-C', '/', ...realDirectories, '-C', place, 'odd']);
  });

  after(() => rmSync(place, { recursive: true }));

  for (const format of ['gnu', 'pax', 'oldgnu'] as const) {
    test(`in format ${format}, compressed with gzip`, async () => {
      const [source, byTar, byJail] = [`${format}-source`, `${format}-tar`, `${format}-jail`].map(inPlace);
      for (const path of [source, byTar, byJail]) mkdirSync(path as string);
      const [archive] = [inPlace(`${format}.tar.gz`)];
      execFileSync('tar', ['-xpf', inPlace('real.tar'), '--numeric-owner', '-C', source as string]);
      execFileSync('tar', [
        '-czf',
        archive,
        '--numeric-owner',
        `--format=${format}`,
        '-C',
        source as string,
        '.',
      ]);
      execFileSync('tar', ['-xpzf', archive, '--numeric-owner', '-C', byTar as string]);
      {
        await using jail = openUnpackJail(byJail as string);
        const applied = await jail.apply(createReadStream(archive));
        assert.deepEqual(applied.warnings, []);
        assert.equal(applied.diffId, `sha256:${digestOf(execFileSync('gzip', ['-dc', archive], unlimited))}`);
        await jail.finish();
      }
      assert.deepEqual(listingOf(byJail as string), listingOf(byTar as string));
      assert.equal(digestOf(packed(byJail as string)), digestOf(packed(byTar as string)));
    });
  }
});

const unlimited = { maxBuffer: 1024 ** 3 };

/** A tree as one stream of bytes: every name, owner, mode, time to the second, link and content. */
function packed(tree: string): Buffer {
  const options = ['--sort=name', '--numeric-owner', '--format=gnu', '-cf', '-'];
  return execFileSync('tar', [...options, '-C', tree, '.'], unlimited);
}

/** The same in readable form, so that a difference can be found. */
function listingOf(tree: string): string[] {
  const options = ['--full-time', '--numeric-owner', '-tvf', '-'];
  return execFileSync('tar', options, { ...unlimited, input: packed(tree), encoding: 'latin1' }).split('\n');
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
