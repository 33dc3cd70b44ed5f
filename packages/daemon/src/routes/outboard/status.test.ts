import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginFilters, type PluginStatus } from '@outboard/engine';
import { digestOf } from '@outboard/oci';
import { send } from '../../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const at = new Date('2026-08-01T12:00:00Z');
const later = new Date('2026-08-01T13:00:00Z');
const plugin = samplePlugin({
  name: 'acme/logs:latest',
  enabled: true,
  pluginReference: 'docker.io/acme/logs:latest',
});
const run = { since: later, startedAt: at, pid: 42, restarts: 1 };

const common = {
  Id: plugin.id,
  Name: 'acme/logs:latest',
  Enabled: true,
  PluginReference: 'docker.io/acme/logs:latest',
  Description: 'a <sample>',
  Digest: 'sha256:aa',
  OOMKills: 2,
};
const times = { Since: '2026-08-01T13:00:00.000Z', StartedAt: '2026-08-01T12:00:00.000Z' };

for (const [status, document] of [
  [{ state: { status: 'disabled' } }, { State: { Status: 'disabled' } }],
  [
    {
      state: { status: 'disabled' },
      sourceImage: {
        reference: 'docker.io/acme/image:v1',
        digest: digestOf(Buffer.from('image')),
        verification: { checkedAt: at, scope: 'default', signatures: [] },
      },
    },
    {
      State: { Status: 'disabled' },
      SourceImage: {
        Reference: 'docker.io/acme/image:v1',
        Digest: digestOf(Buffer.from('image')),
        Verification: { CheckedAt: '2026-08-01T12:00:00.000Z', Scope: 'default', Signatures: [] },
      },
    },
  ],
  [
    {
      state: { status: 'running', ...run },
      health: 'healthy',
      architecture: 'arm64',
      address: '10.87.0.2',
      usage: { memoryBytes: 1024, cpuSeconds: 1 },
    },
    {
      Architecture: 'arm64',
      Address: '10.87.0.2',
      State: { Status: 'running', ...times, Pid: 42, Restarts: 1, Health: 'healthy' },
      MemoryBytes: 1024,
    },
  ],
  [
    { state: { status: 'unhealthy', ...run, reason: 'hangs' }, health: 'unhealthy' },
    { State: { Status: 'unhealthy', ...times, Pid: 42, Restarts: 1, Reason: 'hangs', Health: 'unhealthy' } },
  ],
  [
    { state: { status: 'backing-off', since: at, retryAt: later, restarts: 2, reason: 'why' } },
    {
      State: {
        Status: 'backing-off',
        Since: '2026-08-01T12:00:00.000Z',
        Restarts: 2,
        RetryAt: '2026-08-01T13:00:00.000Z',
        Reason: 'why',
      },
    },
  ],
  [
    {
      state: { status: 'failed', since: at, restarts: 0, reason: 'why' },
      lastFailure: {
        at,
        reason: 'out of memory',
        exit: { code: 137, signal: 'SIGKILL', outOfMemory: true },
        log: ['last words'],
      },
    },
    {
      State: { Status: 'failed', Since: '2026-08-01T12:00:00.000Z', Restarts: 0, Reason: 'why' },
      LastFailure: {
        At: '2026-08-01T12:00:00.000Z',
        Reason: 'out of memory',
        ExitCode: 137,
        Signal: 'SIGKILL',
        OOMKilled: true,
        Log: ['last words'],
      },
    },
  ],
] satisfies readonly (readonly [Partial<PluginStatus> & Pick<PluginStatus, 'state'>, object])[]) {
  test(`the status of a plugin that is ${status.state.status} is the same alone and in the list`, async () => {
    const whole = { plugin, digest: 'sha256:aa', outOfMemoryKills: 2, ...status };
    await using api = await startTestApi(
      scriptEngine({ status: async () => whole, statuses: async () => [whole] }),
    );
    const one = await send(api.socket, 'GET', '/outboard/v1/plugins/acme/logs/json');
    assert.equal(one.status, 200);
    assert.deepEqual(JSON.parse(one.body), { ...common, ...document });
    const list = await send(api.socket, 'GET', '/v1.41/outboard/v1/plugins');
    assert.deepEqual(JSON.parse(list.body), [{ ...common, ...document }]);
  });
}

for (const endpoint of [
  { alias: 'logs', path: '/run/docker/plugins/logs.sock' },
  { alias: 'logs', path: '/run/docker/plugins/logs.sock', problem: 'taken' },
]) {
  test(`a plugin has its socket for other engines in its status${endpoint.problem ? ', or the problem' : ''}`, async () => {
    const status = { plugin, digest: '', outOfMemoryKills: 0, state: { status: 'disabled' } } as const;
    const engine = scriptEngine({ status: async () => status, statuses: async () => [status] });
    const gateway = {
      endpoint: (id: string) =>
        id === plugin.id ? { pluginId: id, pluginName: plugin.name, ...endpoint } : undefined,
    };
    await using api = await startTestApi(engine, { gateway });
    const one = await send(api.socket, 'GET', '/outboard/v1/plugins/acme/logs/json');
    const { alias: Alias, path: Socket, ...rest } = endpoint;
    const expected = { Alias, Socket, ...(rest.problem !== undefined && { Problem: rest.problem }) };
    assert.deepEqual(JSON.parse(one.body).Gateway, expected);
    const list = await send(api.socket, 'GET', '/outboard/v1/plugins');
    assert.deepEqual(JSON.parse(list.body)[0].Gateway, expected);
  });
}

test('the list accepts the filters of GET /plugins and refuses others', async () => {
  const seen: (PluginFilters | undefined)[] = [];
  await using api = await startTestApi(
    scriptEngine({
      async statuses(filters) {
        seen.push(filters);
        return [];
      },
    }),
  );
  const list = (filters: string) =>
    send(api.socket, 'GET', `/outboard/v1/plugins?filters=${encodeURIComponent(filters)}`);
  assert.equal((await list('{"enabled":{"true":true}}')).body, '[]\n');
  assert.deepEqual(seen, [{ enabled: true }]);
  assert.equal((await list('{"bogus":{"1":true}}')).status, 400);
});

test('POST …/restart passes the force parameter on and answers 204', async () => {
  const calls: unknown[] = [];
  await using api = await startTestApi(
    scriptEngine({
      async restart(name, { force } = {}) {
        calls.push([name, force]);
        if (name === 'off') throw new OutboardError('conflict', 'plugin off:latest is disabled');
      },
    }),
  );
  const restart = (name: string, query = '') =>
    send(api.socket, 'POST', `/outboard/v1/plugins/${name}/restart${query}`);
  assert.equal((await restart('acme/p:v1')).status, 204);
  assert.equal((await restart('acme/p:v1', '?force=1')).status, 204);
  assert.equal((await restart('off')).status, 409);
  assert.deepEqual(calls, [
    ['acme/p:v1', false],
    ['acme/p:v1', true],
    ['off', false],
  ]);
});
