import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { empty, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

/** As Nomad 1.10 sets them. */
const env = {
  DHV_VOLUME_NAME: 'data',
  DHV_VOLUME_ID: '74564d17-ce50-0bc1-48e5-6feaa41ede48',
  DHV_PARAMETERS: '{"size":"1g"}',
};
const command = (operation: string) => ['nomad-volume', '--driver', 'acme/p:latest', operation];
const holder = `nomad-${env.DHV_VOLUME_ID}`;
const answers = {
  'POST /volumes/create': json({ Name: 'data' }, 201),
  'POST /outboard/v1/volumes/data/mount': json({ Mountpoint: '/host/data' }),
  'POST /outboard/v1/volumes/data/unmount': empty(204),
  'DELETE /volumes/data': empty(204),
};

async function call(operation: string, more: Readonly<Record<string, string>> = {}) {
  const { code, out, err, daemon } = await run(command(operation), answers, { env: { ...env, ...more } });
  const requests = daemon.requests.map(({ method, url, body }) => ({
    call: `${method} ${url.replace(/^\/v[\d.]+/, '')}`,
    body: body.length === 0 ? undefined : JSON.parse(body.toString()),
  }));
  return { code, out, err, requests };
}

describe('outboard nomad-volume', () => {
  test('fingerprint tells the version without a daemon', async () => {
    const { code, out, requests } = await call('fingerprint');
    assert.deepEqual([code, requests], [0, []]);
    assert.match(JSON.parse(out).version, /^\d+\.\d+\.\d+/);
  });

  test('create makes the volume, mounts it for Nomad, and tells its path', async () => {
    const { code, out, requests } = await call('create');
    assert.deepEqual([code, JSON.parse(out)], [0, { path: '/host/data', bytes: 0 }]);
    assert.deepEqual(requests, [
      {
        call: 'POST /volumes/create',
        body: { Name: 'data', Driver: 'acme/p:latest', DriverOpts: { size: '1g' }, Labels: {} },
      },
      {
        call: 'POST /outboard/v1/volumes/data/mount',
        body: { Holder: holder, Driver: 'acme/p:latest' },
      },
    ]);
  });

  test('the parameter "name" is the name of the volume, and no option of the driver', async () => {
    const more = { DHV_VOLUME_NAME: 'web[0]', DHV_PARAMETERS: '{"name":"data"}' };
    const { code, requests } = await call('create', more);
    assert.equal(code, 0);
    assert.deepEqual(
      [requests[0]?.body.Name, requests[0]?.body.DriverOpts, requests[1]?.call],
      ['data', {}, 'POST /outboard/v1/volumes/data/mount'],
    );
  });

  test('a volume without parameters has no options', async () => {
    for (const parameters of ['null', '{}', '']) {
      const { requests } = await call('create', { DHV_PARAMETERS: parameters });
      assert.deepEqual(requests[0]?.body.DriverOpts, {});
    }
  });

  test('delete undoes the mount and removes the volume', async () => {
    const { code, out, requests } = await call('delete');
    assert.deepEqual([code, out], [0, '']);
    assert.deepEqual(
      requests.map((request) => request.call),
      ['POST /outboard/v1/volumes/data/unmount', 'DELETE /volumes/data?force=1'],
    );
  });

  test('refuses other operations, and a call that is not from Nomad', async () => {
    assert.match(
      (await call('resize')).err,
      /unknown operation "resize": it must be fingerprint, create or delete/,
    );
    const { code, err } = await run(command('create'), answers);
    assert.deepEqual(
      [code, err],
      [1, 'DHV_VOLUME_NAME is not set: Nomad runs this command, as a host volume plugin\n'],
    );
    assert.match((await call('create', { DHV_PARAMETERS: '{' })).err, /DHV_PARAMETERS is not JSON/);
  });
});
