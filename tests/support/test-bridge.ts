/**
 * A bridge for one test, separate from those of other tests and of the host.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TestBridge {
  readonly name: string;
  readonly subnet: string;
  /** Address of the host on it. */
  readonly gateway: string;
}

/** A bridge with an unused name and subnet. @param prefixLength 24 to 30 */
export function createTestBridge(prefixLength = 28): TestBridge {
  const prefix = `10.${randomInt(210, 240)}.${randomInt(256)}`;
  return {
    name: `obt${randomBytes(4).toString('hex')}`,
    subnet: `${prefix}.0/${prefixLength}`,
    gateway: `${prefix}.1`,
  };
}

/** Flags of a daemon that uses it. */
export function bridgeFlags({ name, subnet }: TestBridge): readonly string[] {
  return ['--bridge-name', name, '--bridge-subnet', subnet];
}

/**
 * Everything on the host that belongs to a bridge: the device, its interfaces, firewall rules, network namespaces,
 * reserved addresses, and directories of plugins.
 */
export function traceOf(bridge: TestBridge, execRoot: string): readonly string[] {
  const device = join('/sys/class/net', bridge.name);
  const networks = join(execRoot, 'networks');
  const addresses = join(networks, 'addresses', bridge.name);
  const prefix = bridge.gateway.replace(/1$/, '');
  return [
    ...(existsSync(device) ? [bridge.name, ...readdirSync(join(device, 'brif'))] : []),
    ...firewallRules().filter((rule) => rule.includes(prefix) || rule.includes(`"${bridge.name}`)),
    ...readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(networks)),
    ...listed(addresses).filter((name) => /^[\d.]+$/.test(name)),
    ...listed(join(networks, 'plugins')),
  ];
}

/** As `iptables-save` prints them; chains of single containers too. */
export function firewallRules(): readonly string[] {
  const { status, stdout, stderr } = spawnSync('iptables-save', { encoding: 'utf8' });
  if (status !== 0) throw new Error(`iptables-save ended with ${status}: ${stderr}`);
  // Packet counters change by themselves.
  return stdout.split('\n').map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

function listed(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
