import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const id = 'a'.repeat(64);
const adopted = { Id: id, Name: 'acme/p:v1', Outcome: 'adopted', Enabled: true, Warnings: ['a \u001b[2J'] };
const refused = { Id: 'b'.repeat(64), Outcome: 'refused', Reason: 'no record', Enabled: false, Warnings: [] };

test('outboard adopt prints the result for each plugin, and fails if one was refused', async () => {
  const { code, out, err, daemon } = await run(['adopt', '/var/lib/docker', 'acme/p'], {
    'POST /outboard/v1/adopt': json({ Plugins: [adopted, refused] }),
  });
  assert.equal(code, 1);
  assert.deepEqual(
    out.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['ID', 'NAME', 'ENABLED', 'RESULT'],
      [id.slice(0, 12), 'acme/p:v1', 'true', 'adopted'],
      ['b'.repeat(12), '-', 'false', 'refused: no record'],
      [''],
    ],
  );
  assert.match(err, /^Warning: acme\/p:v1: a \\x1b\[2J\n.*1 of 2 plugins cannot be adopted/);
  const [request] = daemon.requests;
  assert.deepEqual(JSON.parse(request?.body.toString() ?? ''), {
    Directory: '/var/lib/docker',
    Plugins: ['acme/p'],
    Force: false,
  });
});

test('outboard adopt --dry-run only asks', async () => {
  const { code, daemon } = await run(['adopt', '--dry-run', '--force', '/var/lib/docker'], {
    'POST /outboard/v1/adopt': json({ Plugins: [{ ...adopted, Outcome: 'adoptable' }] }),
  });
  assert.equal(code, 0);
  assert.match(daemon.requests[0]?.url ?? '', /adopt\?dryRun=1$/);
});
