import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRouteTable, readHostRoutes, readOutgoingMtu, refuseOverlap } from './host-routes.ts';
import { formatSubnet, parseSubnet } from './ipv4-subnet.ts';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
/** Table of a little-endian processor, as all that the tests run on. */
const table = `${header}eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0   \nplugins0\t0009570A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0   \n`;

const describe = (text: string) =>
  parseRouteTable(text).map(
    ({ device, destination, metric }) => `${device} ${formatSubnet(destination)} ${metric}`,
  );

test('parseRouteTable() reads devices and destinations', () => {
  assert.deepEqual(describe(table), ['eth0 0.0.0.0/0 100', 'plugins0 10.87.9.0/24 0']);
  assert.deepEqual(describe(header), []);
});

test('parseRouteTable() refuses a malformed line', () => {
  assert.throws(() => parseRouteTable(`${header}eth0\tx\n`), { kind: 'system', message: /eth0\\tx/ });
});

const subnet = (text: string) => parseSubnet(text, 'bridge subnet');

test('refuseOverlap() accepts the default route, other networks and its own bridge', () => {
  const routes = parseRouteTable(table);
  refuseOverlap('outboard0', subnet('10.87.0.0/24'), routes);
  refuseOverlap('plugins0', subnet('10.87.9.0/24'), routes);
});

test('refuseOverlap() names the overlapping route, and the remedy', () => {
  assert.throws(() => refuseOverlap('outboard0', subnet('10.87.0.0/16'), parseRouteTable(table)), {
    kind: 'conflict',
    message:
      'the subnet 10.87.0.0/16 of bridge "outboard0" overlaps the route to 10.87.9.0/24 through "plugins0": ' +
      'choose another one with --bridge-subnet',
  });
});

test('refuseOverlap() refuses a bridge with another subnet', () => {
  assert.throws(() => refuseOverlap('plugins0', subnet('10.87.8.0/24'), parseRouteTable(table)), {
    kind: 'conflict',
    message:
      /^bridge "plugins0" has the subnet 10\.87\.9\.0\/24 and containers that use it, want 10\.87\.8\.0\/24: /,
  });
});

test('readOutgoingMtu() returns the MTU of a device of the host', async () => {
  const mtu = await readOutgoingMtu(await readHostRoutes());
  assert.ok(Number.isInteger(mtu) && mtu >= 576 && mtu <= 65_536, String(mtu));
  assert.equal(await readOutgoingMtu([]), 1500);
});

test('readOutgoingMtu() takes the default route with the lowest metric', async () => {
  const destination = { first: 0, prefixLength: 0 };
  const routes = [
    { device: 'absent', destination, metric: 200 },
    { device: 'lo', destination, metric: 100 },
  ];
  assert.equal(await readOutgoingMtu(routes), 65_536);
});
