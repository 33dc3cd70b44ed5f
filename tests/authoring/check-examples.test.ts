/**
 * The examples, which others begin with, keep to every rule of `outboard check`.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { examplePluginArchive } from '../support/example-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** A volume of volume-sshfs needs a server of SSH. */
const examples = readdirSync(join(repository, 'examples')).filter((name) => name !== 'volume-sshfs');

/** Files of examples whose directory on the host the user makes. */
const files: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'authorization-rules': {
    'rules.json': '{"rules":[{"allow":true,"methods":["GET"]}],"otherwise":"only reading"}',
  },
  'secrets-directory': { password: 'secret' },
};

describe('outboard check', { skip: needsRoot }, () => {
  let home: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'outboard-examples-'));
    mkdirSync(join(home, 'tmp'));
  });
  after(() => rmSync(home, { recursive: true }));

  for (const name of examples) {
    test(`finds no fault in the example ${name}`, async () => {
      const directory = join(home, name);
      const source = join(home, `${name}-source`);
      mkdirSync(directory);
      mkdirSync(source);
      for (const [file, content] of Object.entries(files[name] ?? {}))
        writeFileSync(join(source, file), content);
      const own = JSON.parse(readFileSync(join(repository, 'examples', name, 'config.json'), 'utf8'));
      const mounts = (own.mounts ?? []).map((mount: object) => ({
        ...inDockerSpelling(mount),
        ...(files[name] === undefined ? {} : { Source: source }),
      }));
      const archive = examplePluginArchive(name, {
        config: { Env: own.env ?? null, Mounts: mounts },
        // A file is mounted there.
        files: { '/etc/hostname': '' },
      });
      execFileSync('tar', ['-x', '-C', directory], { input: archive });
      const flags = ['--grant-all-permissions', '--strict', '--skip', 'privilege,process/memory'];
      // A report with faults comes with exit code 1.
      const { stdout } = await promisify(execFile)(
        join(repository, 'bin/outboard'),
        ['check', ...flags, directory],
        {
          env: { ...process.env, TMPDIR: join(home, 'tmp') },
        },
      ).catch((error: { readonly stdout: string; readonly stderr: string }) =>
        assert.fail(`${error.stdout}${error.stderr}`),
      );
      assert.match(stdout, / \d\d passed, 0 errors, 0 warnings, 0 notes, \d+ skipped\n$/);
      assert.deepEqual(readdirSync(join(home, 'tmp')), []);
    });
  }
});

/** As archives of tests spell the keys. */
function inDockerSpelling(mount: object): object {
  return Object.fromEntries(
    Object.entries(mount).map(([key, value]) => [`${key.charAt(0).toUpperCase()}${key.slice(1)}`, value]),
  );
}
