import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutboardError, type PluginReference } from '@outboard/engine';
import { send } from '../../testing/raw-http.ts';
import { samplePlugin, scriptEngine } from '../../testing/scripted-engine.ts';
import { startTestApi } from '../../testing/test-api.ts';

const since = new Date('2026-08-01T12:00:00Z');
const volume = (index: number): PluginReference => ({ kind: 'volume', holder: `dätä ${index}`, since });

function startApi(uses: readonly PluginReference[]) {
  const plugin = samplePlugin({ name: 'p:latest' });
  return startTestApi(
    scriptEngine({
      inspect(name) {
        if (name === plugin.name) return plugin;
        throw new OutboardError('not-found', `plugin ${JSON.stringify(name)} not found`);
      },
      references: { ...scriptEngine({}).references, of: () => uses },
      async disable(name) {
        if (name !== plugin.name) throw new OutboardError('not-found', 'not found');
      },
      remove: async () => {},
    }),
  );
}

for (const [method, path] of [
  ['POST', '/plugins/p:latest/disable'],
  ['DELETE', '/plugins/p:latest'],
] as const) {
  test(`${method} ${path} by force names in a header, in ASCII, whom it breaks`, async () => {
    await using api = await startApi([volume(1)]);
    const forced = await send(api.socket, method, `${path}?force=1`);
    assert.deepEqual([forced.status, forced.body], [200, '']);
    assert.equal(
      forced.headers.get('outboard-breaks'),
      '["volume d\\u00e4t\\u00e4 1 (since 2026-08-01T12:00:00.000Z)"]',
    );
    assert.equal((await send(api.socket, method, path)).headers.get('outboard-breaks'), undefined);
  });
}

test('the header of a forced stop is bounded, and absent when nothing is broken', async () => {
  await using api = await startApi(Array.from({ length: 20 }, (_, index) => volume(index)));
  const { headers } = await send(api.socket, 'DELETE', '/plugins/p:latest?force=1');
  const named: unknown = JSON.parse(String(headers.get('outboard-breaks')));
  assert.ok(Array.isArray(named));
  assert.deepEqual([named.length, named.at(-1)], [17, '4 more']);
  await using unused = await startApi([]);
  const none = await send(unused.socket, 'DELETE', '/plugins/p:latest?force=1');
  assert.equal(none.headers.get('outboard-breaks'), undefined);
});

test('POST /plugins/create names in a bounded header what is wrong in the plugin', async () => {
  const found = ['config: "Capabilitiés"', ...Array<string>(9).fill('x'.repeat(1000))];
  await using api = await startTestApi(
    scriptEngine({
      async create({ context, onWarnings }) {
        for await (const _chunk of context);
        onWarnings?.(found);
        return samplePlugin({ name: 'p:latest' });
      },
    }),
  );
  const created = await send(api.socket, 'POST', '/plugins/create?name=p');
  assert.deepEqual([created.status, created.body], [204, '']);
  const header = String(created.headers.get('outboard-warnings'));
  assert.ok(header.startsWith('["config: \\"Capabiliti\\u00e9s\\"","xxx'), header.slice(0, 40));
  assert.ok(header.length < 4200 && /"\d more"\]$/.test(header), header.slice(-20));
});

test('a forced stop of a plugin that does not exist fails as without the header', async () => {
  await using api = await startApi([volume(1)]);
  const missing = await send(api.socket, 'POST', '/plugins/other/disable?force=1');
  assert.deepEqual([missing.status, missing.headers.get('outboard-breaks')], [404, undefined]);
});
