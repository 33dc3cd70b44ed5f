/**
 * Attaches a network in a network namespace of its own, runs a command, releases the network, and asserts that
 * nothing of it is left. Usage: release-after COMMAND
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createCniNetworks } from '../network/cni-networks.ts';

const execRoot = mkdtempSync(join(tmpdir(), 'outboard-networks-'));
const options = {
  execRoot,
  bridge: { name: 'ob0', subnet: '10.199.0.0/24' },
  logger: pino({ level: 'silent' }),
};
const networks = createCniNetworks(options);
const id = 'a'.repeat(64);
try {
  const { address } = await networks.attach(id);
  execFileSync('/bin/sh', ['-c', process.argv[2] ?? 'false'], { stdio: 'inherit' });
  await networks.release(id);
  assert.deepEqual(await networks.present(), []);
  const addresses = readdirSync(join(execRoot, 'networks', 'addresses', 'ob0'));
  assert.deepEqual(
    addresses.filter((file) => /^[\d.]+$/.test(file)),
    [],
  );
  const rules = execFileSync('iptables-save', { encoding: 'utf8' }).split('\n');
  const left = rules.filter((rule) => rule.includes(`${address}/32`) || rule.includes('ob0'));
  assert.deepEqual([...left, ...rules.filter((rule) => /^:CNI-[0-9a-f]{24}/.test(rule))], []);
  assert.equal(existsSync('/sys/class/net/ob0'), false, 'the bridge is left');
  // The next attachment restores flushed rules.
  await networks.attach(id);
  await networks.check(id);
  await networks.release(id);
} finally {
  rmSync(execRoot, { recursive: true });
}
