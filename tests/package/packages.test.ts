/**
 * The packages as they are built: their content, their bytes, and what they start from.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BuiltPackages, builtPackages } from '../support/built-package.ts';

const root = new URL('../..', import.meta.url).pathname;

let built: BuiltPackages;
let directory: string;
/** The unpacked tarball. */
let prefix: string;

before(async () => {
  built = await builtPackages();
  directory = await mkdtemp(join(tmpdir(), 'ob-package-'));
  prefix = join(directory, `outboard-${built.version}-linux-${built.processor}`);
  execFileSync('tar', ['-C', directory, '-xzf', built.tarball]);
});
after(() => rm(directory, { recursive: true, force: true }));

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/bin:/bin' } });
}

/** Starts the command line, and tells if V8 took its code cache. */
function startedFromCache(library: string): unknown {
  const script = `process.argv = [process.execPath, 'outboard', '--version'];
    const { scripts } = require(${JSON.stringify(join(library, 'start.cjs'))});
    process.once('exit', () => {
      const script = scripts.get('cli');
      process.stdout.write(JSON.stringify({ rejected: script.cachedDataRejected }));
    });`;
  const said = run(join(library, 'node'), '-e', script);
  return JSON.parse(said.slice(said.indexOf('{')));
}

describe('the tarball', () => {
  test('runs from any directory with the Node.js that it contains, also through a link', () => {
    const link = join(directory, 'elsewhere');
    execFileSync('ln', ['-s', join(prefix, 'bin', 'outboard'), link]);
    assert.match(run(link, '--version'), new RegExp(`\\b${built.version}\\b`));
    const { stdout } = spawnSync(link, ['--host=unix:///nonexistent', 'version'], { encoding: 'utf8' });
    const node = run(join(prefix, 'lib/outboard/node'), '--version').trim();
    assert.match(stdout, new RegExp(`Node\\.js: +${node.slice(1)}\\n`));
  });

  test('contains pages of the manual and completions of every shell', () => {
    const names = execFileSync('tar', ['-tzf', built.tarball], { encoding: 'utf8' });
    for (const name of [
      'share/man/man1/outboard.1.gz',
      'share/man/man8/outboard-daemon.8.gz',
      'share/bash-completion/completions/outboard',
      'share/zsh/site-functions/_outboard',
      'share/fish/vendor_completions.d/outboard.fish',
      'lib/outboard/systemd/outboard.service',
      'share/doc/outboard/monitoring/prometheus-alerts.yml',
    ])
      assert.ok(names.includes(`/${name}\n`), name);
    assert.doesNotMatch(names, /musl|\.map\n/);
  });

  test('contains the licence of everything in the bill of materials', () => {
    const bill = readBill();
    const licenses = readFileSync(join(prefix, 'share/doc/outboard/THIRD-PARTY-LICENSES'), 'utf8');
    for (const { name, version } of bill.components)
      assert.ok(licenses.includes(`\n${name} ${version} (`), `${name} ${version}`);
    assert.ok(licenses.includes('Node.js contributors'));
  });
});

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses: readonly unknown[];
  }[];
}

function readBill(): Bill {
  const file = `outboard-${built.version}-linux-${built.processor}.cdx.json`;
  return JSON.parse(readFileSync(join(built.directory, file), 'utf8')) as Bill;
}

describe('the bill of materials', () => {
  test('is of CycloneDX, and gives each part its digest, licence and address', () => {
    const { bomFormat, specVersion, serialNumber, components } = readBill();
    assert.deepEqual([bomFormat, specVersion], ['CycloneDX', '1.5']);
    assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const { name, version, purl, hashes, licenses } of components) {
      assert.equal(hashes[0]?.alg, 'SHA-512', name);
      assert.ok(licenses.length > 0, name);
      assert.ok(purl.startsWith('pkg:npm/') && purl.includes(`@${version}`), purl);
    }
  });

  test('names Node.js, the native library, and each npm package that a bundle contains', () => {
    const names = readBill().components.map(({ name, purl }) => `${name} ${purl}`);
    const contains = (text: string) => names.some((name) => name.includes(text));
    for (const name of ['node-linux-', 'koffi', 'koffi-linux-', 'undici', 'zod', 'pino', 'commander'])
      assert.ok(contains(name), `${name}: ${names.join(', ')}`);
    assert.ok(!contains('outboard'), names.join(', '));
  });
});

test('SHA256SUMS holds for every file beside it', () => {
  const sums = readFileSync(join(built.directory, 'SHA256SUMS'), 'utf8');
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: built.directory });
  for (const ending of ['.tar.gz', '.deb', '.cdx.json']) assert.ok(sums.includes(`${ending}\n`), ending);
});

test('a second build has the same bytes, with another directory, umask, time zone, locale and home', async () => {
  const output = join(directory, 'a second', 'output');
  const script = 'umask 077 && exec "$@"';
  const args = ['scripts/package.mjs', '--no-build', '--compression=1', '--output', output];
  execFileSync('sh', ['-c', script, 'sh', process.execPath, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, TZ: 'Asia/Kolkata', LANG: 'C', HOME: directory },
  });
  assert.equal(
    readFileSync(join(output, 'SHA256SUMS'), 'utf8'),
    readFileSync(join(built.directory, 'SHA256SUMS'), 'utf8'),
  );
});

test('a command for a local daemon starts without the modules of Node.js that take longest to load', () => {
  const library = join(prefix, 'lib', 'outboard');
  const script = `process.argv = [process.execPath, 'outboard', '--host=unix:///nonexistent', 'ls'];
    process.once('exit', () => process.stdout.write(process.moduleLoadList.join('\\n')));
    require(${JSON.stringify(join(library, 'start.cjs'))});`;
  const { stdout } = spawnSync(join(library, 'node'), ['-e', script], { encoding: 'utf8' });
  const loaded = stdout.split('\n');
  assert.ok(loaded.includes('NativeModule http'), stdout);
  for (const name of ['child_process', 'crypto', 'tls', 'https', 'http2', 'readline'])
    assert.ok(!loaded.includes(`NativeModule ${name}`), name);
});

describe('the code cache', () => {
  let library: string;
  let cache: string;
  let good: Buffer;
  before(() => {
    library = join(directory, 'library');
    cpSync(join(prefix, 'lib', 'outboard'), library, { recursive: true });
    cache = join(library, 'cli.cache');
    good = readFileSync(cache);
  });

  /** Starts with another cache than the built one. */
  function startWith(content: Buffer): unknown {
    writeFileSync(cache, content);
    return startedFromCache(library);
  }

  test('is what the built program starts from', () => {
    assert.deepEqual(startedFromCache(join(prefix, 'lib', 'outboard')), { rejected: false });
  });

  test('is not used when a byte of it differs, or its end is missing', () => {
    const changed = Buffer.from(good);
    const middle = changed.length >> 1;
    changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
    for (const content of [changed, good.subarray(0, 5000), good.subarray(0, 3), Buffer.alloc(0)])
      assert.deepEqual(startWith(content), {});
  });

  test('is not used for a bundle with one other byte, or when others may write it', () => {
    writeFileSync(cache, good);
    chmodSync(cache, 0o666);
    assert.deepEqual(startedFromCache(library), {});
    chmodSync(cache, 0o644);
    assert.deepEqual(startedFromCache(library), { rejected: false });
    const bundle = join(library, 'cli.cjs');
    const source = readFileSync(bundle, 'utf8');
    writeFileSync(bundle, source.replace("Docker's managed", "Docker's Managed"));
    assert.deepEqual(startedFromCache(library), {});
    writeFileSync(bundle, source);
  });

  test('is not used by another Node.js', () => {
    writeFileSync(cache, good);
    const script = `process.argv = [process.execPath, 'outboard', '--version'];
      const { scripts } = require(${JSON.stringify(join(library, 'start.cjs'))});
      process.once('exit', () => process.stdout.write(String(scripts.get('cli').cachedDataRejected)));`;
    const said = run(process.execPath, '-e', script);
    assert.ok(process.version.startsWith('v24.') || said.endsWith('undefined'), said);
  });
});
