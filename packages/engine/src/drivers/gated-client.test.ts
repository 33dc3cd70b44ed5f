import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { PluginClient } from '@outboard/protocol';
import type { GateOptions, GatePass } from '../serving/gate/plugin-gates.ts';
import { createGatedClient } from './gated-client.ts';

let entered: GateOptions[];
let events: string[];
let limitMs: number;
let gated: PluginClient;
let enter: (options: GateOptions) => Promise<void>;
let options: object[];

beforeEach(() => {
  [entered, events, options, limitMs] = [[], [], [], 0];
  enter = async () => {};
  const answer = { text: () => 'answered' };
  const client = {
    async call(_method: string, _body: object, given: object) {
      options.push(given);
      events.push('call');
      return answer;
    },
    async *stream(_method: string, _body: object, given: object) {
      options.push(given);
      yield Buffer.from('one');
      yield Buffer.from('two');
    },
    async forward(_request: object, receive: (answer: object) => Promise<unknown>, given: object) {
      options.push(given);
      return receive({ status: 200 });
    },
  };
  gated = createGatedClient({
    async enter(given): Promise<GatePass> {
      entered.push(given);
      await enter(given);
      events.push('enter');
      return {
        streaming: () => void events.push('streaming'),
        [Symbol.dispose]: () => void events.push('leave'),
      };
    },
    // Of the methods that are called here alone.
    client: () => client as unknown as PluginClient,
    timeoutMs: () => limitMs,
  });
});
afterEach(() => gated[Symbol.asyncDispose]());

test('a call passes the gate and leaves it, also when it fails', async () => {
  await gated.call('X.Y', {}, { idempotent: true });
  assert.deepEqual(events, ['enter', 'call', 'leave']);
  assert.deepEqual(options, [{ idempotent: true }]);
  const failing = gated.forward({ path: '/X.Y', headers: [], body: Buffer.alloc(0) }, async () => {
    throw new Error('the receiver failed');
  });
  await assert.rejects(failing, /the receiver failed/);
  assert.deepEqual(events.slice(3), ['enter', 'leave']);
});

test('the wait counts for the time limit of the call, its own or that of the client', async () => {
  limitMs = 10_000;
  enter = () => new Promise((resolve) => setTimeout(resolve, 20));
  await gated.call('X.Y');
  await gated.call('X.Y', {}, { timeoutMs: 5_000 });
  assert.deepEqual(
    entered.map(({ waitMs }) => waitMs),
    [10_000, 5_000],
  );
  const [first, second] = options.map((given) => ('timeoutMs' in given ? Number(given.timeoutMs) : 0));
  assert.ok(first !== undefined && first > 0 && first < 10_000, String(first));
  assert.ok(second !== undefined && second > 0 && second < 5_000, String(second));
});

test('a call that is tried once does not wait', async () => {
  await gated.call('X.Y', {}, { isTriedOnce: true, timeoutMs: 5_000 });
  assert.equal(entered[0]?.waitMs, 0);
});

test('a stream holds the gate until it is read or left, and says that it has begun', async () => {
  for await (const _chunk of gated.stream('X.Y', {})) break;
  assert.deepEqual(events, ['enter', 'streaming', 'leave']);
  const request = { path: '/X.Y', headers: [], body: Buffer.alloc(0) };
  await gated.forward(request, async () => {}, { isStream: true });
  assert.deepEqual(events.slice(3), ['enter', 'streaming', 'leave']);
});

test('a call is refused once the client is closed, also one that waits', async () => {
  let open = () => {};
  enter = () =>
    new Promise((resolve) => {
      open = resolve;
    });
  const waiting = gated.call('X.Y');
  await gated[Symbol.asyncDispose]();
  open();
  await assert.rejects(waiting, { kind: 'unavailable', code: 'plugin-disabled' });
  await assert.rejects(gated.call('X.Y'), { code: 'plugin-disabled' });
  assert.deepEqual(events, ['enter', 'leave']);
});
