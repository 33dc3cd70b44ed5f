/**
 * Plugins on the bridge, with the CNI plugins, the kernel and the firewall of this host.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openExternalNetwork } from '../support/external-network.ts';
import { startNameServer } from '../support/name-server.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlPlugin } from '../support/perl-plugin.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { type ProbePlugin, startProbePlugin } from '../support/probe-plugin.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';
import { slowed } from '../support/slowness.ts';
import { createTestBridge, firewallRules, type TestBridge, traceOf } from '../support/test-bridge.ts';
import { openTestEngine, type TestEngine } from '../support/test-engine.ts';

const skip = needsRoot;
const onBridge = {
  config: { Network: { Type: 'bridge' } },
  files: { '/etc/nsswitch.conf': 'hosts: files dns\n' },
};

/** An engine with a bridge of its own. The test fails if anything of either is left at its end. */
async function openBridged(
  context: TestContext,
  bridge: TestBridge,
  nameServers: readonly string[] = [],
): Promise<TestEngine> {
  const { name, subnet } = bridge;
  const opened = await openTestEngine({ bridge: { name, subnet, nameServers } });
  context.after(async () => {
    await opened[Symbol.asyncDispose]();
    assert.deepEqual(traceOf(bridge, opened.execRoot), []);
  });
  return opened;
}

/** State in the kernel. */
function addressOf(plugin: ProbePlugin): Promise<string> {
  return plugin.shell(`ip -4 -oneline address show dev eth0 | sed 's/.* inet \\([0-9.]*\\).*/\\1/'`);
}

function connectTo(plugin: ProbePlugin, address: string, port: number): Promise<string> {
  return plugin.shell(`exec timeout 20 bash -c 'cat < /dev/tcp/${address}/${port}'`);
}

/** The engine emits no event for a restart, so this polls for up to 30 s. */
async function untilRestarted({ engine }: TestEngine, name: string): Promise<void> {
  const deadline = AbortSignal.timeout(slowed(30_000));
  for (;;) {
    const state = engine.state(name);
    if (state.status === 'running' && state.restarts > 0) return;
    await delay(20, undefined, { signal: deadline });
  }
}

test('a plugin on the bridge reaches the host, which sees the plugin\u2019s own address', {
  skip,
}, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const plugin = await startProbePlugin(opened, 'bridged', onBridge);
  const server = createServer((socket) => socket.end(socket.remoteAddress ?? '')).listen(0, bridge.gateway);
  context.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  assert.equal(await connectTo(plugin, bridge.gateway, address.port), await addressOf(plugin));
});

test('status shows the address of a plugin on the bridge, and stats its traffic', {
  skip,
}, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const plugin = await startProbePlugin(opened, 'bridged', onBridge);
  const server = createServer((socket) => socket.end('x'.repeat(100_000))).listen(0, bridge.gateway);
  context.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const [before] = await opened.engine.stats(['bridged']);
  await connectTo(plugin, bridge.gateway, address.port);
  const engine = await opened.reopen();
  const [after] = await engine.stats(['bridged']);
  const received = (after?.receivedBytes ?? 0) - (before?.receivedBytes ?? 0);
  assert.equal(received > 100_000 && received < 200_000, true, `${received} bytes came in`);
  assert.equal((after?.sentBytes ?? 0) > (before?.sentBytes ?? 0), true, 'nothing went out');
  assert.equal((await engine.status('bridged')).address, await addressOf(plugin));
  await engine.disable('bridged');
  assert.equal((await engine.status('bridged')).address, undefined);
});

test('no address is shown for shared or absent networks', { skip }, async (context) => {
  const opened = await openBridged(context, createTestBridge());
  for (const type of ['', 'host']) {
    await startProbePlugin(opened, `p${type}`, { config: { Network: { Type: type } } });
    const [stats] = await opened.engine.stats([`p${type}`]);
    assert.equal(stats?.receivedBytes, undefined);
    assert.equal((await opened.engine.status(`p${type}`)).address, undefined);
  }
});

test('a plugin on the bridge has loopback and one interface, and its host name resolves to its address', {
  skip,
}, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const plugin = await startProbePlugin(opened, 'bridged', onBridge);
  assert.equal(await plugin.shell('ls /sys/class/net'), 'eth0\nlo');
  assert.match(await plugin.shell('ip -brief address show dev lo'), /127\.0\.0\.1\/8/);
  const hostname = await plugin.shell('cat /proc/sys/kernel/hostname');
  assert.equal(hostname, plugin.id.slice(0, 12));
  assert.match(await plugin.shell(`getent ahostsv4 ${hostname}`), new RegExp(`^${await addressOf(plugin)} `));
  assert.match(await plugin.shell('getent ahostsv4 localhost'), /^127\.0\.0\.1 /);
  for (const path of ['/etc/hosts', '/etc/resolv.conf']) {
    assert.notEqual((await plugin.attempt(`echo x >> ${path}`)).code, 0, `${path} can be written`);
  }
});

test('a plugin on the bridge reaches other hosts, with the host\u2019s address', {
  skip,
}, async (context) => {
  const outside = await openExternalNetwork(context);
  const opened = await openBridged(context, createTestBridge());
  const plugin = await startProbePlugin(opened, 'bridged', onBridge);
  assert.equal(await connectTo(plugin, outside.address, outside.port), outside.hostAddress);
  const address = await addressOf(plugin);
  // A host whose policy is to forward nothing, as Docker Engine sets it, forwards for the plugin.
  for (const rule of [`-s ${address}/32 -j ACCEPT`, `-d ${address}/32 -m conntrack`]) {
    assert.ok(
      firewallRules().some((line) => line.startsWith(`-A CNI-FORWARD ${rule}`)),
      `there is no rule ${rule}`,
    );
  }
});

test('a plugin on the bridge resolves names by the name servers of the operator', {
  skip,
}, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge, [bridge.gateway]);
  const plugin = await startProbePlugin(opened, 'bridged', onBridge);
  await startNameServer(context, bridge.gateway, { name: 'registry.test', ipv4: '192.0.2.77' });
  assert.match(await plugin.shell('getent ahostsv4 registry.test'), /^192\.0\.2\.77 /);
  assert.notEqual((await plugin.attempt('getent ahostsv4 other.test')).code, 0);
});

test('plugins without a network have loopback only', { skip }, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  for (const type of ['', 'none', 'null']) {
    const name = `plain-${type}x`;
    const plugin = await startProbePlugin(opened, name, { config: { Network: { Type: type } } });
    assert.equal(await plugin.shell('ls /sys/class/net'), 'lo');
    assert.equal(await plugin.shell('ip route show table main'), '');
  }
  assert.deepEqual(traceOf(bridge, opened.execRoot), []);
});

test('a plugin with the host\u2019s network resolves the host\u2019s names', { skip }, async (context) => {
  const opened = await openBridged(context, createTestBridge());
  const plugin = await startProbePlugin(opened, 'host', { config: { Network: { Type: 'host' } } });
  for (const path of ['/etc/hosts', '/etc/resolv.conf']) {
    assert.equal(await plugin.shell(`cat ${path}`), readFileSync(path, 'utf8').trim());
  }
});

test('two plugins on the bridge have different addresses and reach each other', { skip }, async (context) => {
  const opened = await openBridged(context, createTestBridge());
  const [one, other] = await Promise.all(
    ['one', 'other'].map((name) => startProbePlugin(opened, name, onBridge)),
  );
  if (one === undefined || other === undefined) throw new Error('there are two');
  assert.notEqual(await addressOf(one), await addressOf(other));
  const connect = `exec timeout 20 bash -c 'exec 3<> /dev/tcp/${await addressOf(other)}/9'`;
  // No listener: a refusal proves that packets travel in both directions.
  assert.match((await one.attempt(connect)).stderr, /Connection refused/);
});

test('the last address of the bridge is refused to a second plugin, and given to it when the first one stops', {
  skip,
}, async (context) => {
  const opened = await openBridged(context, createTestBridge(30));
  const { engine } = opened;
  const first = await startProbePlugin(opened, 'first', onBridge);
  const address = await addressOf(first);
  await assert.rejects(startProbePlugin(opened, 'second', onBridge), {
    kind: 'system',
    message: /CNI plugin "bridge" failed \(ADD\): .*no IP addresses available/,
  });
  await engine.disable('first');
  await engine.remove('second');
  assert.equal(await addressOf(await startProbePlugin(opened, 'second', onBridge)), address);
});

test('a bridge subnet that overlaps another network of the host is refused', { skip }, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  await startProbePlugin(opened, 'first', onBridge);
  const twin = { ...createTestBridge(), subnet: bridge.subnet };
  const second = await openTestEngine({ bridge: { name: twin.name, subnet: twin.subnet } });
  context.after(() => second[Symbol.asyncDispose]());
  await assert.rejects(startProbePlugin(second, 'second', onBridge), {
    kind: 'conflict',
    message: new RegExp(`^the subnet .* overlaps the route to .* through "${bridge.name}"`),
  });
  assert.deepEqual(
    traceOf(twin, second.execRoot).filter((trace) => trace.includes(twin.name)),
    [],
  );
});

test('enabling and disabling a plugin 20 times leaves nothing of its network', { skip }, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  await opened.engine.create({
    name: 'again',
    context: pluginContext(perlPlugin('plain', { Network: { Type: 'bridge' } })),
  });
  for (let round = 0; round < 20; round += 1) {
    await opened.engine.enable('again');
    assert.notDeepEqual(traceOf(bridge, opened.execRoot), []);
    await opened.engine.disable('again');
    assert.deepEqual(traceOf(bridge, opened.execRoot), [], `after round ${round}`);
  }
});

test('S15 the next engine takes over a plugin together with its network', { skip }, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const plugin = await startProbePlugin(opened, 'steady', onBridge);
  const before = traceOf(bridge, opened.execRoot);
  const address = await addressOf(plugin);
  const next = await opened.reopen();
  assert.equal(await addressOf(plugin), address);
  assert.deepEqual(traceOf(bridge, opened.execRoot), before);
  await next.disable('steady');
  assert.deepEqual(traceOf(bridge, opened.execRoot), []);
});

/** There are others, such as that the host has no name server. */
async function firstThat(log: PassThrough, pattern: RegExp) {
  for await (const line of createInterface(log)) {
    const warning = JSON.parse(line);
    if (pattern.test(warning.msg)) return warning;
  }
  throw new Error('the log has ended');
}

test('the next engine warns of a network that was changed', { skip }, async (context) => {
  const bridge = createTestBridge();
  const log = new PassThrough();
  const { name, subnet } = bridge;
  const opened = await openTestEngine({ bridge: { name, subnet }, logger: pino({ level: 'warn' }, log) });
  context.after(() => opened[Symbol.asyncDispose]());
  const plugin = await startProbePlugin(opened, 'changed', onBridge);
  const rule = ['CNI-FORWARD', '-s', `${await addressOf(plugin)}/32`, '-j', 'ACCEPT'];
  assert.equal(spawnSync('iptables', ['--wait', '-D', ...rule]).status, 0);
  await opened.reopen();
  const warning = await firstThat(log, /^the network of a plugin is not as it was made; disable the plugin/);
  assert.equal(warning.id, plugin.id);
  assert.match(warning.err.message, /"firewall" failed \(CHECK\)/);
});

test('S16 the next engine releases the network of a plugin that no longer exists', {
  skip,
}, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const { id } = await startProbePlugin(opened, 'gone', onBridge);
  await opened.engine[Symbol.asyncDispose]();
  process.kill(pidOfPlugin(opened.execRoot, id), 'SIGKILL');
  await rm(join(opened.dataRoot, 'plugins', id), { recursive: true });
  await opened.reopen();
  // Removal in the background is awaited at the end.
  await opened.reopen();
  assert.deepEqual(traceOf(bridge, opened.execRoot), []);
});

test('a plugin on the bridge gets a new network after a crash', { skip }, async (context) => {
  const bridge = createTestBridge();
  const opened = await openBridged(context, bridge);
  const plugin = await startProbePlugin(opened, 'crashing', onBridge);
  process.kill(pidOfPlugin(opened.execRoot, plugin.id), 'SIGKILL');
  await untilRestarted(opened, 'crashing');
  assert.match(await addressOf(plugin), /^10\./);
  await opened.engine.disable('crashing');
  assert.deepEqual(traceOf(bridge, opened.execRoot), []);
});
