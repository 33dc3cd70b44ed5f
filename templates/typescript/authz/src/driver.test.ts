import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

const plugin = definePlugin({ name: '__NAME__', authorization: openDriver() });

/** Ask as the engine does. */
async function isAllowed(method: string, uri: string, body: object = {}): Promise<boolean> {
  const socketPath = join(tmpdir(), `__NAME__-${process.pid}.sock`);
  await using _plugin = await plugin.serve({ socket: socketPath, stopSignals: [] });
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path: '/AuthZPlugin.AuthZReq' }, (response) => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    call.on('error', reject);
    const RequestBody = Buffer.from(JSON.stringify(body)).toString('base64');
    call.end(JSON.stringify({ RequestMethod: method, RequestUri: uri, RequestBody }));
  });
  return JSON.parse(answer).Allow;
}

test('privileged containers are refused, others are allowed', async () => {
  const create = (Privileged: boolean) =>
    isAllowed('POST', '/v1.41/containers/create?name=web', { HostConfig: { Privileged } });
  assert.equal(await create(true), false);
  assert.equal(await create(false), true);
});

test('reading is allowed', async () => {
  assert.equal(await isAllowed('GET', '/v1.41/containers/json'), true);
});

test('config.json names what the plugin serves', async () => {
  const config = JSON.parse(await readFile('config.json', 'utf8'));
  assert.deepEqual(config.interface.types, plugin.interfaceTypes);
});
