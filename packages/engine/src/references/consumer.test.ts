import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeDocument } from '@outboard/oci';
import {
  type Consumer,
  consumerCodec,
  consumerOf,
  describeConsumer,
  isGone,
  showConsumer,
} from './consumer.ts';

const container = '3f2a5b1c9d0e'.padEnd(64, '0');
const own = describeConsumer(process.pid);
const gone: Consumer = { pid: process.pid, startTime: '1', program: 'podman', isByHand: false };

for (const [consumer, text] of [
  [{ isByHand: false }, ''],
  [{ isByHand: true }, ''],
  [gone, `podman (pid ${process.pid}, process gone)`],
  [{ ...gone, startTime: own.startTime ?? '' }, `podman (pid ${process.pid})`],
  [
    { ...gone, startTime: own.startTime ?? '', unit: 'web.service', container },
    `podman (pid ${process.pid}, unit web.service, container 3f2a5b1c9d0e)`,
  ],
  [{ ...gone, program: 'outboard', isByHand: true }, ''],
  [{ ...gone, program: 'outboard', unit: 'web.service', isByHand: true }, 'unit web.service'],
  [{ pid: process.pid, isByHand: false }, `pid ${process.pid}, process gone`],
] as const satisfies readonly (readonly [Consumer, string])[]) {
  test(`showConsumer() shows "${text}" for ${JSON.stringify(consumer)}`, () =>
    assert.equal(showConsumer(consumer), text));
}

test('a consumer is read from its connection, is kept in a document, and is gone when its process is', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'ob-consumer-'));
  t.after(() => rm(directory, { recursive: true }));
  const server = createServer().listen(join(directory, 's'));
  t.after(() => server.close());
  await once(server, 'listening');
  const program = `require('net').connect(${JSON.stringify(join(directory, 's'))}).resume()`;
  const client = spawn(process.execPath, ['-e', program], { stdio: 'ignore' });
  t.after(() => client.kill('SIGKILL'));
  const [socket] = (await once(server, 'connection')) as [Socket];
  const consumer = consumerOf(socket);
  const { pid, uid, program: name } = consumer;
  assert.deepEqual([pid, uid, name], [client.pid, process.getuid?.(), own.program]);
  assert.equal(isGone(consumer), false);
  const document = JSON.parse(JSON.stringify(consumerCodec.encode(consumer)));
  assert.deepEqual(decodeDocument(consumerCodec, document, 'consumer'), consumer);
  client.kill('SIGKILL');
  await once(client, 'exit');
  assert.equal(isGone(consumer), true);
  assert.deepEqual(describeConsumer(client.pid ?? 0), { pid: client.pid, isByHand: false });
  socket.destroy();
});

test('nothing is known of a consumer without a process, and it is never gone', () => {
  assert.equal(isGone({}), false);
  assert.equal(isGone(own), false);
});
