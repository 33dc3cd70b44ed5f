/** Requests with exactly the bytes that each known consumer sends. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { MountOptions } from '../exchange/plugin-exchange.ts';
import { openHandledPlugin, type PluginAnswers, postOf } from '../testing/handled-plugin.ts';

/** Podman's ID of every mount. */
const podmanId = '2f73349cfc4630255319c6c8dfc1b46a8996ace9d14d8e07563b165915918ec2';

/** The bytes of a request as Docker Engine sends it, since 24.0.5 or as before. */
function dockerPost(method: string, body: string, host = 'plugin.moby.localhost'): string {
  const head = [
    `POST /${method} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: Go-http-client/1.1',
    `Content-Length: ${body.length}`,
    'Accept: application/vnd.docker.plugins.v1.2+json',
    'Accept-Encoding: gzip',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Mounts that are noted. */
function notedMounts() {
  const notes: string[] = [];
  return {
    notes,
    mounts: {
      async mount(volume: string, id: string, { driver, consumer }: MountOptions) {
        notes.push(`mount ${volume} ${id} at ${driver} by pid ${consumer?.pid === process.pid}`);
        return `/host/${volume}`;
      },
      async unmount(volume: string, id: string) {
        notes.push(`unmount ${volume} ${id}`);
      },
    },
  };
}

const succeed: PluginAnswers = (_call, response) => response.end('{"Err":""}');
const err = (body: string): string => JSON.parse(body).Err;

describe('Podman', () => {
  test('asks for the handshake in each process, and creates only what Get does not find', async () => {
    await using plugin = await openHandledPlugin(({ method }, response) => {
      response.end(method === 'VolumeDriver.Get' ? '{"Volume":null,"Err":""}' : '{"Err":""}');
    });
    assert.equal((await plugin.post('Plugin.Activate')).body, '{"Implements":["VolumeDriver"]}\n');
    // Podman reads `Err` of any status but 200, and nothing of 200.
    const missing = await plugin.post('VolumeDriver.Get', '{"Name":"data"}');
    assert.deepEqual([missing.status, err(missing.body)], [500, 'no such volume']);
    assert.equal(
      (await plugin.post('VolumeDriver.Create', '{"Name":"data","Opts":{"size":"5"}}')).status,
      200,
    );
    assert.deepEqual(
      plugin.received.map(({ method, body }) => [method, body]),
      [
        ['VolumeDriver.Get', '{"Name":"data"}'],
        ['VolumeDriver.Create', '{"Name":"data","Opts":{"size":"5"}}'],
      ],
    );
  });

  test('lists with an empty body, where the plugin gets what Docker Engine sends', async () => {
    await using plugin = await openHandledPlugin((_call, response) => response.end('{"Volumes":null}'));
    const answer = await plugin.post('VolumeDriver.List');
    assert.deepEqual(JSON.parse(answer.body), { Volumes: [] });
    assert.equal(plugin.received[0]?.body, '{}\n');
  });

  test('mounts with its one ID, and gets a path of the host', async () => {
    const { notes, mounts } = notedMounts();
    await using plugin = await openHandledPlugin(succeed, { mounts });
    const args = JSON.stringify({ Name: 'data', ID: podmanId });
    const mounted = await plugin.post('VolumeDriver.Mount', args);
    assert.deepEqual(JSON.parse(mounted.body), { Mountpoint: '/host/data', Err: '' });
    const unmounted = await plugin.post('VolumeDriver.Unmount', args);
    assert.deepEqual([unmounted.status, err(unmounted.body)], [200, '']);
    assert.deepEqual(notes, [
      `mount data ${podmanId} at acme/p:latest by pid true`,
      `unmount data ${podmanId}`,
    ]);
    assert.deepEqual(plugin.received, []);
  });

  test('gets a failed mount as a status that is not 200, with the text of the driver', async () => {
    const mount = async () => {
      const details = { err: 'ssh: connection refused', status: 200 };
      throw new OutboardError('system', 'mount data: VolumeDriver.Mount: …', {
        code: 'plugin-error',
        details,
      });
    };
    await using plugin = await openHandledPlugin(succeed, { mounts: { mount } });
    const answer = await plugin.post('VolumeDriver.Mount', JSON.stringify({ Name: 'data', ID: podmanId }));
    assert.deepEqual([answer.status, err(answer.body)], [500, 'ssh: connection refused']);
  });

  test('that gives up after its 5 s leaves no mount behind', async () => {
    const [called, undone] = [withResolvers<void>(), withResolvers<string>()];
    const mounted = withResolvers<void>();
    const mounts = {
      async mount() {
        called.resolve();
        await mounted.promise;
        return '/host/data';
      },
      unmount: async (volume: string, id: string) => undone.resolve(`${volume} ${id}`),
    };
    await using plugin = await openHandledPlugin(succeed, { mounts });
    const client = await plugin.connect();
    client.socket.write(postOf('VolumeDriver.Mount', JSON.stringify({ Name: 'data', ID: podmanId })));
    await called.promise;
    const closed = withResolvers<void>();
    client.socket.destroy();
    client.socket.once('close', closed.resolve);
    await closed.promise;
    // The gateway notices in a later turn, as any server does.
    await plugin.post('Plugin.Activate');
    mounted.resolve();
    assert.equal(await undone.promise, `data ${podmanId}`);
  });
});

describe('Docker Engine', () => {
  for (const host of ['plugin.moby.localhost', '/run/docker/plugins/p.sock']) {
    test(`sends JSON and a newline to the host ${host}`, async () => {
      await using plugin = await openHandledPlugin((_call, response) =>
        response.end('{"Volume":{"Name":"v"}}\n'),
      );
      const answer = await plugin.send(dockerPost('VolumeDriver.Get', '{"Name":"v"}\n', host));
      assert.deepEqual([answer.status, answer.body], [200, '{"Volume":{"Name":"v"}}\n']);
      const { headers = [], body } = plugin.received[0] ?? {};
      assert.equal(body, '{"Name":"v"}\n');
      assert.equal(headers[headers.indexOf('Accept') + 1], 'application/vnd.docker.plugins.v1.2+json');
      assert.ok(!headers.includes(host) || host === 'plugin.moby.localhost');
    });
  }

  for (const [method, sent] of [
    ['VolumeDriver.Capabilities', '{}\n'],
    ['NetworkDriver.GetCapabilities', ''],
    ['IpamDriver.GetDefaultAddressSpaces', ''],
    ['LogDriver.Capabilities', ''],
    ['MetricsCollector.StartMetrics', ''],
  ] as const) {
    for (const body of ['', '{}\n', 'null']) {
      test(`may call ${method} with ${JSON.stringify(body)}`, async () => {
        await using plugin = await openHandledPlugin((_call, response) => response.end('{}'));
        assert.equal((await plugin.send(dockerPost(method, body))).status, 200);
        assert.equal(plugin.received[0]?.body, sent);
      });
    }
  }

  for (const method of [
    'VolumeDriver.Create',
    'VolumeDriver.Mount',
    'NetworkDriver.Join',
    'AuthZPlugin.AuthZReq',
  ]) {
    test(`that repeats ${method} with an empty body, after a lost reply, is refused`, async () => {
      await using plugin = await openHandledPlugin(() => assert.fail('the plugin is not called'));
      const answer = await plugin.send(dockerPost(method, ''));
      assert.equal(answer.status, 400);
      assert.equal(
        err(answer.body),
        `${method}: the request is empty: want a JSON object with its arguments`,
      );
    });
  }

  test('copies into a running container with the ID of the container, once more', async () => {
    const { notes, mounts } = notedMounts();
    await using plugin = await openHandledPlugin(succeed, { mounts });
    for (const method of ['Mount', 'Mount', 'Unmount']) {
      const answer = await plugin.send(dockerPost(`VolumeDriver.${method}`, '{"Name":"v","ID":"c1"}\n'));
      assert.equal(answer.status, 200);
    }
    // Each is passed on: the engine counts the mounts of an ID.
    assert.deepEqual(
      notes.map((note) => note.split(' ')[0]),
      ['mount', 'mount', 'unmount'],
    );
  });

  test('before 1.12 mounts without an ID', async () => {
    const { notes, mounts } = notedMounts();
    await using plugin = await openHandledPlugin(succeed, { mounts });
    await plugin.send(dockerPost('VolumeDriver.Mount', '{"name":"v","id":null}\n'));
    assert.deepEqual(notes, ['mount v  at acme/p:latest by pid true']);
  });

  test('keeps its connection, and sends one request after the other', async () => {
    await using plugin = await openHandledPlugin(succeed);
    const client = await plugin.connect();
    for (let time = 0; time < 3; time += 1) {
      assert.equal((await client.send(dockerPost('VolumeDriver.Remove', '{"Name":"v"}\n'))).status, 200);
    }
    client.socket.destroy();
  });

  test('connects and closes without a byte', async () => {
    await using plugin = await openHandledPlugin(succeed);
    const client = await plugin.connect();
    client.socket.destroy();
    assert.equal((await plugin.post('Plugin.Activate')).status, 200);
  });

  for (const [method, status, body] of [
    ['AuthZPlugin.AuthZReq', 200, '{"Allow":false,"Msg":"no","Err":"policy"}'],
    ['AuthZPlugin.AuthZRes', 200, '{"Allow":true,"Err":"ignored"}'],
    ['AuthZPlugin.AuthZReq', 500, 'plain text'],
    ['NetworkDriver.ProgramExternalConnectivity', 404, '404 page not found\n'],
    ['NetworkDriver.CreateNetwork', 200, '{"Err":"no"}'],
    ['IpamDriver.RequestPool', 200, '{"Err":"x","Error":""}'],
    ['IpamDriver.RequestPool', 200, '{"Error":"no pool"}'],
    ['MetricsCollector.StartMetrics', 200, ''],
    ['LogDriver.StartLogging', 200, '{"Err":"no"}'],
    ['SecretProvider.GetSecret', 200, '{"Value":"c2VjcmV0","Err":""}'],
  ] as const) {
    test(`gets ${status} ${body} of ${method} as it is`, async () => {
      await using plugin = await openHandledPlugin((_call, response) => response.writeHead(status).end(body));
      const answer = await plugin.send(dockerPost(method, '{"a":1}\n'));
      assert.deepEqual([answer.status, answer.body], [status, body]);
    });
  }

  for (const [method, keys] of [
    ['IpamDriver.RequestPool', ['Err', 'Error']],
    ['AuthZPlugin.AuthZReq', ['Err']],
  ] as const) {
    test(`gets a failure of the gateway itself in the form of ${method}, which never allows`, async () => {
      await using plugin = await openHandledPlugin(() => assert.fail('not reached'), {
        ready: async () => {
          throw new OutboardError('unavailable', 'the plugin has failed');
        },
      });
      const answer = await plugin.send(dockerPost(method, '{"a":1}\n'));
      assert.equal(answer.status, 503);
      assert.deepEqual(Object.keys(JSON.parse(answer.body)), keys);
    });
  }
});

describe('other consumers', () => {
  test('Dory asks for capabilities first, and sends options that are no strings', async () => {
    await using plugin = await openHandledPlugin(({ method }, response) => {
      if (method === 'VolumeDriver.Capabilities') response.writeHead(404).end('404 page not found\n');
      else response.end('{}');
    });
    const scope = await plugin.post('VolumeDriver.Capabilities', '{}');
    assert.deepEqual(JSON.parse(scope.body).Capabilities, { Scope: 'local' });
    const body = '{"Name":"v","Opts":{"size":10,"thin":true,"labels":{"a":[1.0,2]}}}';
    await plugin.post('VolumeDriver.Create', body);
    assert.equal(plugin.received[1]?.body, body);
  });

  test('dvdcli reads a path of the host from Get and Path', async () => {
    await using plugin = await openHandledPlugin(({ method }, response) => {
      const mountpoint = '/mnt/v';
      const answer =
        method === 'VolumeDriver.Path'
          ? { Mountpoint: mountpoint }
          : { Volume: { Name: 'v', Mountpoint: mountpoint } };
      response.end(JSON.stringify(answer));
    });
    const got = await plugin.post('VolumeDriver.Get', '{"Name":"v"}');
    assert.equal(JSON.parse(got.body).Volume.Mountpoint, '/host/mnt/v');
    const path = await plugin.post('VolumeDriver.Path', '{"Name":"v"}');
    assert.equal(JSON.parse(path.body).Mountpoint, '/host/mnt/v');
  });

  for (const [body, want] of [
    ['{"Name":5}', '"Name" to be the name of a volume'],
    ['{"ID":"x"}', '"Name" to be the name of a volume'],
    ['{"Name":"v","ID":5}', '"ID" to be a string'],
    ['[]', 'a JSON object with "Name" and "ID"'],
    ['not JSON', 'a JSON object with "Name" and "ID"'],
  ] as const) {
    test(`who mount with ${body} are told what is wrong`, async () => {
      await using plugin = await openHandledPlugin(succeed);
      const answer = await plugin.post('VolumeDriver.Mount', body);
      assert.equal(answer.status, 400);
      assert.equal(err(answer.body), `VolumeDriver.Mount: malformed request: want ${want}`);
    });
  }
});
