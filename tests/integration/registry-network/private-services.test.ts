/**
 * A registry at a public address directs its client to services of private networks and of this machine.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createAuthority } from '@outboard/oci/testing';
import { needsRoot } from '../../support/needs-root.ts';

interface Case {
  readonly at: 'public' | 'loopback';
  readonly listed: boolean;
  readonly way: string;
  readonly name: string;
  /** Requests that the private service received. */
  readonly asked: number;
  readonly kind: string;
  readonly message: string;
  readonly secret: string;
}

const program = fileURLToPath(new URL('private-services.mjs', import.meta.url));
const names = ['203.0.113.5', '127.0.0.1', 'localhost', '10.9.9.9'];

async function tryAll(): Promise<readonly Case[]> {
  const directory = await mkdtemp(join(tmpdir(), 'outboard-private-'));
  try {
    const authority = createAuthority('private authority');
    const { certificate, key } = authority.issue({ commonName: 'server', names, usage: 'server' });
    await writeFile(join(directory, 'cert.pem'), certificate);
    await writeFile(join(directory, 'key.pem'), key);
    await writeFile(join(directory, 'ca.pem'), authority.certificate);
    const script = [
      'ip link set lo up',
      'ip address add 203.0.113.5/32 dev lo',
      'ip address add 10.9.9.9/32 dev lo',
      'exec "$@"',
    ].join(' && ');
    const node = [process.execPath, ...process.execArgv.filter((flag) => !flag.startsWith('--test'))];
    const { stdout } = await promisify(execFile)(
      'unshare',
      ['--net', 'sh', '-c', script, 'sh', ...node, program, directory],
      { env: { ...process.env, NODE_TEST_CONTEXT: '' } },
    );
    return stdout
      .trim()
      .split('\n')
      .map((line): Case => JSON.parse(line));
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('services in private networks', { skip: needsRoot }, () => {
  let cases: readonly Case[] = [];
  before(async () => {
    cases = await tryAll();
  });

  for (const way of ['redirect', 'token server', 'upload']) {
    it(`are not contacted on behalf of a public registry by its ${way}, whatever their name`, () => {
      const tried = cases.filter((each) => each.at === 'public' && !each.listed && each.way === way);
      assert.deepEqual(
        tried.map(({ name, asked, kind }) => [name, asked, kind]),
        [
          ['127.0.0.1', 0, 'forbidden'],
          ['localhost', 0, 'forbidden'],
          ['10.9.9.9', 0, 'forbidden'],
        ],
      );
      for (const { message } of tried) assert.match(message, /^refusing /);
    });
  }

  it('are contacted if the operator lists their network, and their answers are not shown', () => {
    const reached = cases.filter(({ at, listed, asked }) => at === 'public' && listed && asked > 0);
    assert.deepEqual(
      reached.map(({ way, name }) => [way, name]),
      [
        ['redirect', '10.9.9.9'],
        ['token server', '10.9.9.9'],
        ['upload', '10.9.9.9'],
      ],
    );
  });

  it('on this host are contacted on behalf of a registry on it', () => {
    const reached = cases.filter(
      ({ at, asked, way }) => at === 'loopback' && asked > 0 && way !== 'token server',
    );
    assert.deepEqual(
      reached.map(({ way, name }) => [way, name]),
      [
        ['redirect', '127.0.0.1'],
        ['redirect', 'localhost'],
        ['upload', '127.0.0.1'],
        ['upload', 'localhost'],
      ],
    );
  });

  it('never have their answers shown, except a token server on the host of its registry', () => {
    assert.equal(cases.length, 27);
    const shown = cases.filter(({ message, secret }) => message.includes(secret));
    assert.deepEqual(
      shown.map(({ at, way, name }) => [at, way, name]),
      [['loopback', 'token server', '127.0.0.1']],
    );
  });
});
