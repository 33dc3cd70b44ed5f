import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { startTestApi } from '../testing/test-api.ts';

/** True if the kernel has a keep-alive timer on the daemon's side of a connection. @see proc_pid_net(5), "tr" */
function isProbed(daemonPort: number, clientPort: number): boolean {
  const address = (port: number) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ends = ` ${address(daemonPort)} ${address(clientPort)} `;
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((text) => text.includes(ends));
  return / 02:[0-9A-F]{8} /.test(line ?? '');
}

test('a TCP client is probed by keep-alive, so that its command ends if its host is lost', async () => {
  await using api = await startTestApi(scriptEngine({}));
  const client = connect(api.port, '127.0.0.1');
  await once(client, 'connect');
  // A connected socket has an address object.
  const { port } = client.address() as AddressInfo;
  // The daemon accepts the connection asynchronously, without a signal to this test.
  const deadline = AbortSignal.timeout(10_000);
  while (!isProbed(api.port, port)) {
    assert.equal(deadline.aborted, false, 'the client is not probed');
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.destroy();
});
