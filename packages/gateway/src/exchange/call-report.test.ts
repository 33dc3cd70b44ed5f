import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { EndedCall } from '../calls/call-log.ts';
import {
  type HandledPluginOptions,
  openHandledPlugin,
  type PluginAnswers,
  postOf,
} from '../testing/handled-plugin.ts';

/** The report on one call. */
async function reportOf(
  answers: PluginAnswers,
  method: string,
  body: string,
  options: HandledPluginOptions = {},
): Promise<EndedCall> {
  const reported = withResolvers<EndedCall>();
  await using plugin = await openHandledPlugin(answers, { ...options, onReport: reported.resolve });
  await plugin.post(method, body);
  return await reported.promise;
}

describe('the report on an exchange', () => {
  test('names the volume, the result and the sizes of both bodies', async () => {
    const body = '{"name":"data"}';
    const { method, volume, outcome, status, error, requestBytes, answerBytes, consumer } = await reportOf(
      (_call, response) => response.end('{"Err":""}'),
      'VolumeDriver.Remove',
      body,
    );
    assert.deepEqual(
      { method, volume, outcome, status, error, requestBytes, answerBytes, pid: consumer.pid },
      {
        method: 'VolumeDriver.Remove',
        volume: 'data',
        outcome: 'success',
        status: 200,
        error: undefined,
        requestBytes: body.length,
        answerBytes: 10,
        pid: process.pid,
      },
    );
  });

  test('has the error of a plugin with every status, and the options that it must not show', async () => {
    const failed = await reportOf(
      (_call, response) => response.end('{"Err":"cannot log in with hunter22"}'),
      'VolumeDriver.Create',
      '{"Name":"data","Opts":{"user":"bob","password":"hunter22","size":5}}',
    );
    assert.deepEqual([failed.outcome, failed.error], ['failure', 'cannot log in with hunter22']);
    assert.deepEqual(failed.secrets, ['bob', 'hunter22']);
    const other = await reportOf(
      (_call, response) => response.end('{"Error":"no pool"}'),
      'IpamDriver.RequestPool',
      '{"Pool":"10.0.0.0/8"}',
    );
    assert.deepEqual(
      [other.outcome, other.status, other.error, other.volume],
      ['failure', 200, 'no pool', undefined],
    );
  });

  test('tells a plugin that failed from a gateway that refused', async () => {
    const cut = await reportOf(
      (_call, response) => response.destroy(),
      'VolumeDriver.Remove',
      '{"Name":"v"}',
    );
    assert.equal(cut.outcome, 'failure');
    const notReady = await reportOf(() => assert.fail('not reached'), 'VolumeDriver.Remove', '{"Name":"v"}', {
      ready: async () => {
        throw new OutboardError('unavailable', 'the plugin is disabled');
      },
    });
    assert.deepEqual(
      [notReady.outcome, notReady.status, notReady.error],
      ['refused', 503, 'the plugin is disabled'],
    );
  });

  test('counts what is streamed, and has no volume for methods that are in no table', async () => {
    const call = await reportOf((_call, response) => response.end('four'), 'X.Unknown', '{"Name":"v"}');
    assert.deepEqual(
      [call.method, call.outcome, call.requestBytes, call.answerBytes, call.volume],
      ['X.Unknown', 'success', 12, 4, undefined],
    );
  });

  test('is cancelled when the consumer leaves', async () => {
    const called = withResolvers<void>();
    const reported = withResolvers<EndedCall>();
    await using plugin = await openHandledPlugin(() => called.resolve(), { onReport: reported.resolve });
    const { socket } = await plugin.connect();
    socket.write(postOf('VolumeDriver.List'));
    await called.promise;
    socket.destroy();
    const report = await reported.promise;
    assert.deepEqual([report.outcome, report.status, report.error], ['cancelled', undefined, undefined]);
  });
});
