import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const first = {
  Id: 'a'.repeat(64),
  Name: 'acme/p:latest',
  Read: '2026-08-01T12:00:00.000Z',
  CpuSeconds: 10,
  MemoryBytes: 8_388_608,
  MemoryLimitBytes: 67_108_864,
  Pids: 11,
  NetworkReceivedBytes: 1_234_567,
  NetworkSentBytes: 90,
  BlockReadBytes: 4_096_000,
  BlockWriteBytes: 0,
};
const second = { ...first, Read: '2026-08-01T12:00:02.000Z', CpuSeconds: 13, MemoryBytes: 16_777_216 };
const newcomer = { Id: 'b'.repeat(64), Name: 'x\u001b[2J', Read: second.Read };

/** Samples of a host with 1 GiB; the stream stays open until the client closes it. */
function samples(...lists: readonly (readonly object[])[]): Answer {
  return (response) => {
    for (const Plugins of lists) {
      response.write(`${JSON.stringify({ HostMemoryBytes: 1_073_741_824, Plugins })}\n`);
    }
  };
}

test('outboard stats --no-stream takes two samples and shows the second as Docker shows containers', async () => {
  const answers = { 'GET /outboard/v1/stats': samples([first], [second, newcomer]) };
  const { code, out, daemon } = await run(['stats', '--no-stream', 'acme/p', 'x'], answers);
  assert.equal(code, 0);
  const cells = out.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(cells[0], [
    'PLUGIN ID',
    'NAME',
    'CPU %',
    'MEM USAGE / LIMIT',
    'MEM %',
    'NET I/O',
    'BLOCK I/O',
    'PIDS',
  ]);
  assert.deepEqual(cells[1], [
    'aaaaaaaaaaaa',
    'acme/p:latest',
    '150.00%',
    '16MiB / 64MiB',
    '25.00%',
    '1.23MB / 90B',
    '4.1MB / 0B',
    '11',
  ]);
  assert.deepEqual(cells[2], [
    'bbbbbbbbbbbb',
    'x\\x1b[2J',
    '--',
    '-- / --',
    '--',
    '-- / --',
    '-- / --',
    '--',
  ]);
  assert.deepEqual(daemon.lines(), ['GET /v1.51/outboard/v1/stats?stream=1&plugin=acme%2Fp&plugin=x']);
});

test('outboard stats shows the number of out-of-memory kills if there are any', async () => {
  const hit = { ...second, OOMKills: 3 };
  const answers = { 'GET /outboard/v1/stats': samples([first], [hit]) };
  const { out } = await run(['stats', '--no-stream'], answers);
  const [titles, row] = out.split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual([titles?.at(-1), row?.at(-1)], ['OOM KILLS', '3']);
});

test('outboard stats shows the memory of the host as the limit of a plugin without one', async () => {
  const { MemoryLimitBytes: _, ...free } = second;
  const answers = { 'GET /outboard/v1/stats': samples([first], [free]) };
  const { out } = await run(['stats', '--no-stream', '--format', '{{.MemUsage}} {{.MemPerc}}'], answers);
  assert.equal(out, '16MiB / 1GiB 1.56%\n');
});

test('outboard stats continues until the daemon ends it, and clears the screen of terminals only', async () => {
  const ending: Answer = (response, request) => {
    samples([first], [second])(response, request);
    response.end();
  };
  const answers = { 'GET /outboard/v1/stats': ending };
  const piped = await run(['stats', '--format', '{{.CPUPerc}}'], answers);
  assert.equal(piped.code, 1);
  assert.equal(piped.out, '--\n150.00%\n');
  assert.match(piped.err, /^the daemon ended the statistics: it is shutting down, or a plugin was removed$/m);
  const shown = await run(['stats', '--format', 'json'], answers, { columns: 80 });
  assert.equal(shown.out.split('\u001b[2J\u001b[H').length, 3);
});

test('outboard stats reports a closed connection', async () => {
  const breaking: Answer = (response, request) => {
    samples([first])(response, request);
    response.socket?.destroySoon();
  };
  const { code, err } = await run(['stats'], { 'GET /outboard/v1/stats': breaking });
  assert.deepEqual([code, err], [1, 'the daemon closed the connection\n']);
});

test('outboard stats refuses a Docker Engine', async () => {
  const { code, err } = await run(['stats'], {});
  assert.deepEqual([code, err], [1, 'this daemon cannot report the resource usage of plugins\n']);
});
