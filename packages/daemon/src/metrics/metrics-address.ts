/**
 * The addresses where metrics are served.
 */
import { join } from 'node:path';
import { OutboardError } from '@outboard/engine';
import type { HostAddress } from '../listen/host-address.ts';

const addressAndPort = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;
/** `sockaddr_un.sun_path` without its terminating zero. */
const maxSocketPathBytes = 107;

/**
 * Parse `ADDRESS:PORT`, as dockerd's `metrics-addr`. The address is required: an empty one would mean every network.
 * @throws {OutboardError} invalid
 */
export function parseMetricsAddress(text: string): HostAddress {
  const match = addressAndPort.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new OutboardError(
      'invalid',
      `invalid metrics address ${JSON.stringify(text)}: expected ADDRESS:PORT, such as 127.0.0.1:9323`,
    );
  }
  return { kind: 'tcp', hostname: match[1] ?? match[2] ?? '', port };
}

/** Address of the socket for plugins; undefined when the exec root's path is too long for a socket in it. */
export function metricsSocketAddress(execRoot: string): Extract<HostAddress, { kind: 'unix' }> | undefined {
  const path = join(execRoot, 'metrics.sock');
  return Buffer.byteLength(path) > maxSocketPathBytes ? undefined : { kind: 'unix', path };
}
