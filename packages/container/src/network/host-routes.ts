/**
 * IPv4 routes of the host, and the check of a subnet against them.
 */
import { readFile } from 'node:fs/promises';
import { OutboardError } from '@outboard/oci';
import { formatSubnet, type Ipv4Subnet, subnetsOverlap } from './ipv4-subnet.ts';

/** A route of the main table. */
export interface HostRoute {
  readonly device: string;
  /** Prefix length 0 is the default route. */
  readonly destination: Ipv4Subnet;
  /** The lowest of several routes to one destination wins. */
  readonly metric: number;
}

const defaultMtu = 1500;

/** Read the IPv4 routes of the host. */
export async function readHostRoutes(): Promise<readonly HostRoute[]> {
  return parseRouteTable(await readFile('/proc/net/route', 'latin1'));
}

/**
 * Parse a route table.
 * @throws {OutboardError} system for a malformed line
 * @see Linux net/ipv4/fib_trie.c, fib_route_seq_show: addresses are words in host byte order
 */
export function parseRouteTable(table: string): readonly HostRoute[] {
  const [, ...lines] = table.split('\n');
  return lines.filter((line) => line.trim() !== '').map(parseLine);
}

function parseLine(line: string): HostRoute {
  const [device = '', destination = '', , , , , metric = '', mask = ''] = line.trim().split(/\s+/);
  if (!/^[0-9A-F]{8}$/.test(destination) || !/^[0-9A-F]{8}$/.test(mask)) {
    throw new OutboardError('system', `cannot read route ${JSON.stringify(line)}`);
  }
  const prefixLength = Math.clz32(~fromMemory(mask));
  return { device, destination: { first: fromMemory(destination), prefixLength }, metric: Number(metric) };
}

/** Convert a word from host byte order. */
function fromMemory(hex: string): number {
  const word = Buffer.alloc(4);
  if (isLittleEndian) word.writeUInt32LE(Number.parseInt(hex, 16));
  else word.writeUInt32BE(Number.parseInt(hex, 16));
  return word.readUInt32BE();
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Refuse a subnet that overlaps a route of the host.
 * @throws {OutboardError} conflict, naming the route
 */
export function refuseOverlap(bridge: string, subnet: Ipv4Subnet, routes: readonly HostRoute[]): void {
  for (const { device, destination } of routes) {
    const wanted = formatSubnet(subnet);
    const found = formatSubnet(destination);
    if (device === bridge) {
      if (found === wanted || destination.prefixLength === 0) continue;
      throw new OutboardError(
        'conflict',
        `bridge "${bridge}" has the subnet ${found} and containers that use it, want ${wanted}: ` +
          'disable the plugins on the bridge, then enable them again',
      );
    }
    if (destination.prefixLength > 0 && subnetsOverlap(subnet, destination)) {
      throw new OutboardError(
        'conflict',
        `the subnet ${wanted} of bridge "${bridge}" overlaps the route to ${found} through "${device}": ` +
          'choose another one with --bridge-subnet',
      );
    }
  }
}

/** MTU of the default route, in bytes; 1500 when the host has none. */
export async function readOutgoingMtu(routes: readonly HostRoute[]): Promise<number> {
  const [route] = routes
    .filter(({ destination }) => destination.prefixLength === 0)
    .sort((one, other) => one.metric - other.metric);
  if (route === undefined) return defaultMtu;
  return Number(await readFile(`/sys/class/net/${route.device}/mtu`, 'latin1'));
}
