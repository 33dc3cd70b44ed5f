/**
 * Checks of the start, of the stop and of privileges, which are seen to pass in `tests/authoring`, fail for a plugin that
 * breaks them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '@outboard/async';
import { writeFaultyPlugin } from '../testing/faulty-plugin.ts';
import { packDirectory } from '../testing/pack-directory.ts';
import { type CheckDeps, type CheckRequest, checkPlugin } from './check-plugin.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root to run plugins';
let home: string;

before(() => {
  home = mkdtempSync(join(tmpdir(), 'outboard-life-'));
});
after(() => rmSync(home, { recursive: true }));

async function check(request: Partial<CheckRequest>, config: object, deps?: CheckDeps) {
  const directory = mkdtempSync(join(home, 'plugin-'));
  writeFaultyPlugin(directory, { kinds: ['secretprovider'], config: { ...config } });
  const source = { kind: 'directory', directory } as const;
  const base = { plugin: 'faulty', source, pack: packDirectory, ask: async () => true };
  const { results } = await checkPlugin({ ...base, ...request }, deps);
  return results.filter(({ status }) => status === 'finding');
}

test('start/ready fails for a plugin that ends, with its exit code', { skip }, async () => {
  const [finding] = await check({ only: ['start'], settings: ['FAULT=start/ready'] }, {});
  assert.equal(finding?.code, 'start/ready');
  assert.match(finding?.messages.join() ?? '', /exited with code 7/);
});

test('start/late and stop/signal fail when they take longer than Docker waits', { skip }, async () => {
  let steps = 0;
  // Each look at the clock is ten seconds later.
  const clock = {
    monotonicMs() {
      steps += 1;
      return systemClock.monotonicMs() + steps * 10_000;
    },
  };
  const findings = await check({ only: ['start', 'stop'] }, {}, { clock });
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['start/late', 'stop/signal'],
  );
  assert.match(findings[0]?.messages.join() ?? '', /the socket accepted a connection after \d\d\.\d s/);
});

test('privilege/unused names the privileges that nothing needs, and not those that are needed', {
  skip,
}, async () => {
  const config = { Network: { Type: 'host' }, Linux: { Capabilities: ['CAP_NET_ADMIN'] } };
  const [finding, ...others] = await check({ only: ['privilege'] }, config);
  assert.deepEqual([finding?.code, others], ['privilege/unused', []]);
  const messages = finding?.messages.join('\n') ?? '';
  assert.match(
    messages,
    /^network: host: without it the plugin starts and passes protocol\/activate, secret\/answer$/m,
  );
  assert.match(messages, /^capability: CAP_NET_ADMIN: /m);
  // Node.js is mounted from there.
  assert.doesNotMatch(messages, /^mount: \/usr:/m);
});

test('refused privileges and a directory without a plugin are errors, and leave nothing', {
  skip,
}, async () => {
  await assert.rejects(check({ ask: async () => false }, {}), {
    kind: 'forbidden',
    message: /permission denied/,
  });
  const source = { kind: 'directory', directory: home } as const;
  await assert.rejects(checkPlugin({ plugin: 'none', source, pack: packDirectory }), {
    kind: 'invalid',
    message: /want config\.json and rootfs\/ in/,
  });
});
