import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonError } from '../command-error.ts';
import type { EngineClient } from './engine-client.ts';
import { changeSettings } from './settings-api.ts';

interface Call {
  readonly path: string;
  readonly json: unknown;
}

/** A client that records calls. */
function recordingClient(calls: Call[], answer: () => unknown = () => undefined): EngineClient {
  const client: Pick<EngineClient, 'call'> = {
    async call({ path, json }) {
      calls.push({ path, json });
      return answer();
    },
  };
  return client as EngineClient; // nothing else is called
}

const cases: readonly (readonly [setting: string, isOwn: boolean])[] = [
  ['A=1', false],
  ['A=@daily', false],
  ['A=user@file:x', false],
  ['A=b=@file:/x', false],
  ['A', false],
  ['A=@file:/x', true],
  ['A.value=@env:X', true],
  ['A=@@x', true],
];

for (const [setting, isOwn] of cases) {
  test(`changeSettings() sends ${setting} by ${isOwn ? "Outboard's own route" : "Docker's route"}`, async () => {
    const calls: Call[] = [];
    await changeSettings(recordingClient(calls), 'p', ['X=1', setting]);
    const own = { path: '/outboard/v1/plugins/p/settings', json: { Settings: ['X=1', setting] } };
    const docker = { path: '/plugins/p/set', json: ['X=1', setting] };
    assert.deepEqual(JSON.parse(JSON.stringify(calls)), [isOwn ? own : docker]);
  });
}

test('changeSettings() does not give a source to a Docker Engine, which would take it literally', async () => {
  const calls: Call[] = [];
  const client = recordingClient(calls, () => {
    throw new DaemonError(404, 'page not found');
  });
  await assert.rejects(changeSettings(client, 'p', ['A=@file:/x']), {
    message: /^this daemon cannot read values of settings from a source/,
  });
  assert.equal(calls.length, 1);
});
