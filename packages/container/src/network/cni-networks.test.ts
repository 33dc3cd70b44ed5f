/**
 * Networks of containers with the CNI plugins of this host, and their clean-up after a crash at any step.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { findBinary } from '../linux/find-binary.ts';
import { runProgram } from '../linux/run-program.ts';
import { createCniNetworks } from './cni-networks.ts';
import type { ContainerNetworks } from './container-networks.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root, for namespaces and interfaces';
const logger = pino({ level: 'silent' });

interface Fixture {
  readonly execRoot: string;
  readonly bridge: string;
  readonly networks: ContainerNetworks;
  /** Directory of one container. */
  directory(id: string): string;
  /** Addresses in use. */
  addresses(): readonly string[];
}

/** Networks over a bridge of their own; when the test ends nothing may be left. */
function createFixture(context: TestContext): Fixture {
  const execRoot = mkdtempSync(join(tmpdir(), 'outboard-networks-'));
  const name = `obu${randomBytes(4).toString('hex')}`;
  const prefix = `10.${randomInt(190, 210)}.${randomInt(256)}.`;
  const subnet = `${prefix}0/29`;
  const networks = createCniNetworks({ execRoot, bridge: { name, subnet }, logger });
  const addresses = () =>
    readdirSync(join(execRoot, 'networks', 'addresses', name)).filter((file) => /^[\d.]+$/.test(file));
  context.after(async () => {
    for (const id of await networks.present()) await networks.release(id);
    assert.equal(existsSync(`/sys/class/net/${name}`), false, 'the bridge is left');
    const { stdout } = await runProgram(await findBinary('iptables-save'), []);
    const rules = stdout.split('\n').filter((line) => line.includes(prefix) || line.includes(name));
    assert.deepEqual(rules, [], 'a firewall rule is left');
    await rm(execRoot, { recursive: true });
  });
  return {
    execRoot,
    bridge: name,
    networks,
    directory: (id) => join(execRoot, 'networks', 'plugins', id),
    addresses,
  };
}

const createId = (): string => randomBytes(32).toString('hex');

test('release() removes what attach() made, and is idempotent', { skip }, async (context) => {
  const { networks, directory, addresses, bridge } = createFixture(context);
  const id = createId();
  const { address, namespacePath, hostsPath, resolvConfPath } = await networks.attach(id);
  assert.deepEqual(addresses(), [address]);
  assert.deepEqual(await networks.present(), [id]);
  assert.match(readFileSync(hostsPath, 'utf8'), new RegExp(`^${address}\\t${id.slice(0, 12)}$`, 'm'));
  for (const path of [namespacePath, hostsPath, resolvConfPath]) assert.ok(existsSync(path), path);
  await networks.release(id);
  assert.deepEqual(addresses(), []);
  assert.deepEqual(await networks.present(), []);
  assert.equal(existsSync(directory(id)), false);
  assert.equal(existsSync(`/sys/class/net/${bridge}`), false);
  await networks.release(id);
  await networks.release(createId());
});

test('attach() first removes what an earlier run left', { skip }, async (context) => {
  const { networks, addresses } = createFixture(context);
  const id = createId();
  const first = await networks.attach(id);
  const second = await networks.attach(id);
  assert.notEqual(second.address, first.address);
  assert.deepEqual(addresses(), [second.address]);
});

test('release() frees the address after a reboot, which leaves files only', {
  skip,
}, async (context) => {
  const { networks, directory, addresses, execRoot, bridge } = createFixture(context);
  const id = createId();
  const { address, namespacePath } = await networks.attach(id);
  const files = [
    join(directory(id), 'attachment.json'),
    join(execRoot, 'networks', 'addresses', bridge, address),
  ].map((path) => ({ path, content: readFileSync(path) }));
  await networks.release(id);
  mkdirSync(directory(id));
  for (const { path, content } of files) writeFileSync(path, content);
  writeFileSync(namespacePath, '');
  assert.deepEqual(addresses(), [address]);
  await networks.release(id);
  assert.deepEqual(addresses(), []);
  assert.deepEqual(await networks.present(), []);
});

test('release() removes a step that a crash kept from being recorded', { skip }, async (context) => {
  const { networks, directory } = createFixture(context);
  const id = createId();
  await networks.attach(id);
  const path = join(directory(id), 'attachment.json');
  const attachment = JSON.parse(readFileSync(path, 'utf8'));
  delete attachment.steps.at(-1).result;
  writeFileSync(path, JSON.stringify(attachment));
  await networks.release(id);
  assert.deepEqual(await networks.present(), []);
});

test('check() succeeds until a part of the network is changed', { skip }, async (context) => {
  const { networks } = createFixture(context);
  const id = createId();
  const { address, namespacePath } = await networks.attach(id);
  await networks.check(id);
  const rule = ['CNI-FORWARD', '--source', `${address}/32`, '--jump', 'ACCEPT', '--wait'];
  const iptables = await findBinary('iptables');
  assert.equal((await runProgram(iptables, ['--delete', ...rule])).code, 0);
  await assert.rejects(networks.check(id), { kind: 'system', message: /"firewall" failed \(CHECK\): / });
  assert.equal((await runProgram(iptables, ['--append', ...rule])).code, 0);
  await networks.check(id);
  const inside = [`--net=${namespacePath}`, 'ip', 'route', 'delete', 'default'];
  assert.equal((await runProgram(await findBinary('nsenter'), inside)).code, 0);
  await assert.rejects(networks.check(id), { kind: 'system', message: /"bridge" failed \(CHECK\): / });
  await networks.release(id);
  await assert.rejects(networks.check(id), { kind: 'system', message: 'there is no record of the network' });
});

test('release() removes a directory without a record', { skip }, async (context) => {
  const { networks, directory } = createFixture(context);
  const id = createId();
  mkdirSync(directory(id), { recursive: true });
  await networks.release(id);
  assert.deepEqual(await networks.present(), []);
});

test('release() removes the network of a damaged record, and runs nothing that it names', {
  skip,
}, async (context) => {
  const { networks, directory, addresses } = createFixture(context);
  const [id, neighbour] = [createId(), createId()];
  await networks.attach(id);
  const { address } = await networks.attach(neighbour);
  const path = join(directory(id), 'attachment.json');
  writeFileSync(path, '{"version":1,"bridge":"x","steps":[{"config":{"type":"../../bin/sh"}}]}');
  await networks.release(id);
  assert.deepEqual(await networks.present(), [neighbour]);
  assert.deepEqual(addresses(), [address]);
  await networks.check(neighbour);
});

test('release() removes what it finds after its records were deleted', {
  skip,
}, async (context) => {
  const { networks, directory, execRoot, bridge } = createFixture(context);
  const id = createId();
  const { address } = await networks.attach(id);
  await rm(join(directory(id), 'attachment.json'));
  await rm(join(execRoot, 'networks', 'addresses', bridge, address));
  // The fixture asserts that no firewall rule is left.
  await networks.release(id);
  assert.deepEqual(await networks.present(), []);
});

const flushes: readonly (readonly [what: string, commands: readonly string[]])[] = [
  ['rules', ['iptables -F', 'iptables -t nat -F']],
  ['rules and chains', ['iptables -F', 'iptables -X', 'iptables -t nat -F', 'iptables -t nat -X']],
  ['rules and chains of nat', ['iptables -t nat -F', 'iptables -t nat -X']],
  ['rules and chains of forwarding', ['iptables -F', 'iptables -X']],
  ['rules that lead to chains', ['iptables -t nat -F POSTROUTING']],
];
for (const [what, commands] of flushes) {
  test(`release() succeeds after a flush of the firewall's ${what}, and leaves nothing`, { skip }, () => {
    // Flushed in a network namespace of its own: the host's firewall is in use.
    const inOwnNetwork = [
      'set -e',
      'mount --make-rprivate /',
      'mount -t sysfs sysfs /sys',
      'ip link add out0 type veth peer name out1',
      'ip addr add 10.250.0.2/24 dev out0',
      'ip link set out0 up',
      'ip route add default via 10.250.0.1',
      'exec "$@"',
    ].join('\n');
    const script = fileURLToPath(new URL('../testing/release-after.js', import.meta.url));
    const node = [process.execPath, script, commands.join('; ')];
    const args = ['--net', '--mount', '/bin/sh', '-c', inOwnNetwork, 'sh', ...node];
    execFileSync('unshare', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  });
}

test('attach() and release() work again after a release without CNI plugins', {
  skip,
}, async (context) => {
  const { networks, directory, addresses } = createFixture(context);
  const id = createId();
  await networks.attach(id);
  const path = join(directory(id), 'attachment.json');
  // As after the CNI plugins were uninstalled.
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"type":"firewall"', '"type":"no-such"'));
  await networks.release(id);
  assert.deepEqual(addresses(), []);
  await networks.attach(id);
  await networks.release(id);
});

test('attach() leaves nothing when it is aborted at any step', { skip }, async (context) => {
  const { networks, addresses } = createFixture(context);
  const { address } = await networks.attach(createId());
  for (const waitMs of [0, 3, 10, 25, 50, 75, 100, 150]) {
    const signal = AbortSignal.timeout(waitMs);
    const id = createId();
    try {
      await networks.attach(id, { signal });
      await networks.release(id);
    } catch (error) {
      assert.equal(error, signal.reason);
    }
    assert.deepEqual(addresses(), [address], `aborted after ${waitMs} ms`);
    assert.equal((await networks.present()).length, 1, `aborted after ${waitMs} ms`);
  }
});

test('a bridge of the administrator stays when the last container leaves it', { skip }, async (context) => {
  const { networks, bridge } = createFixture(context);
  const ip = await findBinary('ip');
  const run = async (...args: readonly string[]) => {
    const { code, stderr } = await runProgram(ip, args);
    assert.equal(code, 0, stderr);
  };
  await run('link', 'add', bridge, 'type', 'bridge');
  const id = createId();
  await networks.attach(id);
  await networks.release(id);
  assert.ok(existsSync(`/sys/class/net/${bridge}`), 'the bridge is gone');
  await run('link', 'delete', bridge);
});

test('attach() uses another subnet as soon as no container uses the former one', {
  skip,
}, async (context) => {
  const { networks, execRoot, bridge } = createFixture(context);
  const other = createCniNetworks({ execRoot, bridge: { name: bridge, subnet: '10.189.0.0/29' }, logger });
  const [first, second] = [createId(), createId()];
  await networks.attach(first);
  await assert.rejects(other.attach(second), {
    kind: 'conflict',
    message: /has the subnet 10\..* want 10\.189/,
  });
  assert.deepEqual(await networks.present(), [first]);
  await other.release(first);
  assert.equal((await other.attach(second)).address, '10.189.0.2');
  await other.release(second);
});

const wrong: readonly (readonly [options: object, message: RegExp])[] = [
  [{ name: '' }, /^bridge name "": want 1 to 15 letters/],
  [{ name: '../../etc' }, /^bridge name "\.\.\/\.\.\/etc"/],
  [{ name: 'longer-than-fifteen' }, /^bridge name /],
  [{ subnet: '10.87.0.1/24' }, /^bridge subnet "10\.87\.0\.1\/24": it has bits set/],
  [{ nameServers: ['dns.example.com'] }, /^name server "dns\.example\.com": want an IP address$/],
  [{ nameServers: ['1.1.1.1\noptions x'] }, /^name server /],
];
for (const [bridge, message] of wrong) {
  test(`createCniNetworks() refuses ${JSON.stringify(bridge)}`, () => {
    assert.throws(() => createCniNetworks({ execRoot: '/nonexistent', bridge, logger }), {
      kind: 'invalid',
      message,
    });
  });
}
