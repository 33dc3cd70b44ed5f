import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, json } from '../testing/recorded-daemon.ts';
import { run } from '../testing/run-command.ts';

const path = 'GET /outboard/v1/plugins/acme/p:1/logs';

function frame(stream: number, text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** An answer in chunks of the given size. */
function stream(frames: readonly Buffer[], pieceBytes = 1_000_000): Answer {
  return (response) => {
    const body = Buffer.concat(frames);
    for (let at = 0; at < body.length; at += pieceBytes) response.write(body.subarray(at, at + pieceBytes));
    response.end();
  };
}

test('stdout goes to standard output and stderr to standard error, unchanged into a pipe', async () => {
  const frames = [frame(1, 'one\n'), frame(2, 'trouble\n'), frame(1, '\x1b[2J\ttwo\n'), frame(1, 'half')];
  for (const pieceBytes of [1, 7, 1_000_000]) {
    const { code, out, err } = await run(['logs', 'acme/p:1'], { [path]: stream(frames, pieceBytes) });
    assert.deepEqual([code, out, err], [0, 'one\n\x1b[2J\ttwo\nhalf', 'trouble\n']);
  }
});

test('D15 on a terminal control characters of a plugin are escaped', async () => {
  const answer = stream([frame(1, 'a\tb\x1b[2J\r\n'), frame(1, '\x9b31mred')]);
  const { out } = await run(['logs', 'acme/p:1'], { [path]: answer }, { columns: 80 });
  assert.equal(out, 'a\tb\\x1b[2J\\x0d\n\ufffd31mred');
});

test('flags are passed on, with times for the daemon to parse', async () => {
  const answers = { [path]: stream([]) };
  const argv = [
    'logs',
    '-f',
    '--since',
    '10m',
    '--until',
    '2026-01-31T12:00:00Z',
    '-n',
    '5',
    '-t',
    'acme/p:1',
  ];
  const { code, daemon } = await run(argv, answers);
  assert.equal(code, 0);
  assert.deepEqual(daemon.lines(), [
    'GET /v1.51/outboard/v1/plugins/acme/p:1/logs?follow=1&since=10m&until=2026-01-31T12%3A00%3A00Z&timestamps=1&tail=5',
  ]);
});

const callsPath = 'GET /outboard/v1/calls';
const mountCall = {
  Time: '2026-01-31T10:00:00.250Z',
  Plugin: 'acme/ssh:latest',
  Method: 'VolumeDriver.Mount',
  Volume: 'data',
  Outcome: 'success',
  Status: 200,
  DurationMs: 1.234,
  RequestBytes: 20,
  AnswerBytes: 30,
  Consumer: { Pid: 812, Program: 'podman', Unit: 'web.service', Container: 'ab'.repeat(32) },
};
const failedCall = {
  ...mountCall,
  Outcome: 'failure',
  DurationMs: 30_000,
  Error: 'no \x1bsuch host',
  Volume: undefined,
  Consumer: {},
};
const callFrames = [frame(1, `${JSON.stringify(mountCall)}\n`), frame(1, `${JSON.stringify(failedCall)}\n`)];

test('--calls shows who called what, when, how long and with what result, for one plugin or all', async () => {
  const answers = { [callsPath]: stream(callFrames) };
  const { out, daemon } = await run(['logs', '--calls', '--tail', '2', 'acme/ssh'], answers);
  assert.deepEqual(out.split('\n'), [
    '2026-01-31T10:00:00.250Z success     1.2ms acme/ssh:latest VolumeDriver.Mount data, by podman (pid 812, unit web.service, container abababababab)',
    '2026-01-31T10:00:00.250Z failure     30.0s acme/ssh:latest VolumeDriver.Mount: no \\x1bsuch host',
    '',
  ]);
  assert.deepEqual(daemon.lines(), ['GET /v1.51/outboard/v1/calls?plugin=acme%2Fssh&tail=2']);
  const all = await run(['logs', '--calls', '-f'], {
    [callsPath]: stream([frame(2, 'outboard: 3 calls skipped\n')]),
  });
  assert.deepEqual([all.out, all.err], ['', 'outboard: 3 calls skipped\n']);
  assert.deepEqual(all.daemon.lines(), ['GET /v1.51/outboard/v1/calls?follow=1&tail=all']);
});

test('--calls --format prints JSON or a template', async () => {
  const answers = { [callsPath]: stream(callFrames) };
  const { out } = await run(['logs', '--calls', '--format', 'json'], answers);
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [mountCall, JSON.parse(JSON.stringify(failedCall))],
  );
  const short = await run(['logs', '--calls', '--format', '{{.Method}} {{.Outcome}}'], answers);
  assert.equal(short.out, 'VolumeDriver.Mount success\nVolumeDriver.Mount failure\n');
});

const wrongUses: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
  [['logs'], /name a PLUGIN, or use --calls for the calls of all plugins/],
  [['logs', '--format', 'json', 'acme/p:1'], /--format is for --calls only/],
  [['logs', '--calls', '-t'], /every call is shown with its time/],
  [['logs', '--calls', '--format', 'yaml'], /invalid format "yaml"/],
];

for (const [argv, message] of wrongUses) {
  test(`"outboard ${argv.join(' ')}" is refused before any request`, async () => {
    const { code, err, daemon } = await run([...argv], {});
    assert.equal(code, 125);
    assert.match(err, message);
    assert.deepEqual(daemon.lines(), []);
  });
}

test('a daemon that records no calls, and a stream of something else, are failures', async () => {
  const missing = await run(['logs', '--calls'], { [callsPath]: json({ message: 'page not found' }, 404) });
  assert.match(missing.err, /this daemon cannot show the calls of plugins: it does not record them/);
  const other = await run(['logs', '--calls'], { [callsPath]: stream([frame(1, '5\n')]) });
  assert.match(other.err, /something that is not a record of calls/);
});

const failures: readonly (readonly [name: string, answer: Answer, message: RegExp])[] = [
  [
    'a daemon that could not send everything',
    stream([frame(1, 'one\n'), frame(3, 'the output was removed')]),
    /^Error from daemon in stream: the output was removed\n$/,
  ],
  [
    'an unknown plugin',
    json({ message: 'plugin "x" not found' }, 404),
    /daemon: plugin "x" not found: see outboard ls\n$/,
  ],
  [
    'Docker Engine',
    json({ message: 'page not found' }, 404),
    /this daemon cannot show the logs of plugins: it does not keep them/,
  ],
  ['an answer that is no stream', stream([Buffer.from('hello world')]), /not a stream of lines/],
  ['a frame of 3 GB', stream([Buffer.from([1, 0, 0, 0, 0xc0, 0, 0, 0])]), /not a stream of lines/],
  ['a cut frame', stream([frame(1, 'one\n').subarray(0, 10)]), /ended in the middle of a line/],
  [
    'a connection that breaks',
    (response) => {
      response.write(frame(1, 'one\n'), () => response.destroy());
    },
    /closed the connection before its answer was complete/,
  ],
];

for (const [name, answer, message] of failures) {
  test(`${name} is a failure`, async () => {
    const { code, err } = await run(['logs', 'acme/p:1'], { [path]: answer });
    assert.equal(code, 1);
    assert.match(err, message);
  });
}
