import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runProgram } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import { resolveEnvironment } from './resolve-values.ts';

const canary = 'correct-horse-battery-staple';

describe('resolveEnvironment()', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'outboard-values-'));
    await writeFile(join(directory, 'plain'), `${canary}\n`);
    await writeFile(join(directory, 'lines'), 'a\nb\n\n');
    await writeFile(join(directory, 'nul'), `${canary}\0x`);
    await writeFile(join(directory, 'latin1'), Buffer.from([0x63, 0xe9]));
    await writeFile(join(directory, 'huge'), `${canary}${'x'.repeat(300_000)}`);
    await writeFile(join(directory, 'empty'), '');
    await mkdir(join(directory, 'directory'));
    await symlink('plain', join(directory, 'link'));
    await runProgram('/usr/bin/mkfifo', [join(directory, 'fifo')]);
  });
  after(() => rm(directory, { recursive: true, force: true }));

  const resolve = async (source: string, environment = {}) => {
    const settings = {
      env: ['BEFORE=@env:LITERAL', `A=${source}`, 'LAST=x=y'],
      sourced: ['A'],
      mounts: [],
      devices: [],
      args: [],
    };
    const surroundings = { environment, credentialsDirectory: directory };
    const resolved = await resolveEnvironment(settings, surroundings, {});
    assert.deepEqual([resolved[0], resolved[2], resolved.length], ['BEFORE=@env:LITERAL', 'LAST=x=y', 3]);
    return resolved[1]?.slice('A='.length);
  };

  test('reads files, credentials, variables and output of commands, less one newline', async () => {
    assert.equal(await resolve(`@file:${directory}/plain`), canary);
    assert.equal(await resolve(`@file:${directory}/link`), canary);
    assert.equal(await resolve(`@file:${directory}/lines`), 'a\nb\n');
    assert.equal(await resolve(`@file:${directory}/empty`), '');
    assert.equal(await resolve('@credential:plain'), canary);
    assert.equal(await resolve('@env:V', { V: `${canary}\n` }), `${canary}\n`);
    assert.equal(await resolve(`@command:/bin/cat ${directory}/plain`), canary);
    // No shell: its characters have no meaning.
    assert.equal(await resolve('@command:/bin/echo $HOME `id` "a;b"'), '$HOME `id` "a;b"');
    // No environment but the path of programs.
    assert.match((await resolve('@command:/usr/bin/env')) ?? '', /^PATH=[^\n]*$/);
  });

  const refused: readonly (readonly [source: string, reason: RegExp])[] = [
    ['@file:DIR/missing', /cannot read "\S+\/missing": no such file$/],
    ['@file:DIR/plain/x', /not a directory$/],
    ['@file:DIR/directory', /it is a directory: want a file$/],
    ['@file:DIR/fifo', /it is a FIFO: want a file$/],
    ['@file:/dev/zero', /it is a device: want a file$/],
    ['@file:DIR/nul', /the value contains NUL$/],
    ['@file:DIR/latin1', /the value is not UTF-8$/],
    ['@file:DIR/huge', /it is longer than 122881 bytes$/],
    ['@credential:missing', /no such file$/],
    ['@env:NOT_SET', /the environment of the daemon has no such variable$/],
    ['@env:constructor', /no such variable$/],
    ['@command:/bin/false', /the command exited with code 1$/],
    ['@command:/nonexistent x', /cannot run "\/nonexistent"/],
    [`@command:/bin/sh -c ["exit"]`, /the command exited with code 127$/],
    ['@command:["/bin/sh","-c","cat DIR/plain >&2; exit 3"]', /the command exited with code 3$/],
    ['@command:/usr/bin/head -c 200000 /dev/zero', /the value contains NUL$/],
    ['@command:/bin/cat /dev/zero', /it wrote more than 262144 bytes$/],
  ];
  for (const [source, reason] of refused) {
    test(`D16 tells why ${source} gives no value, without the value`, async () => {
      await assert.rejects(resolve(source.replaceAll('DIR', directory)), (error) => {
        assert.ok(isOutboardError(error));
        assert.equal(error.kind, 'system');
        assert.match(error.message, reason);
        assert.match(error.message, /^cannot start the plugin: setting "A" comes from "@/);
        assert.ok(!error.message.includes(canary));
        return true;
      });
    });
  }
});
