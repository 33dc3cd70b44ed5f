/**
 * Random requests to a daemon in this process, over a real engine: every answer is one of the API, errors are one line without the
 * daemon's own code in it, a status 500 has its cause in the log and none is a fault of the daemon's program, and the daemon goes on.
 * `OUTBOARD_FUZZ_SECONDS` sets how long, default 5; `OUTBOARD_SEED` repeats a run.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon, withDefaults } from '@outboard/daemon';
import fc from 'fast-check';
import { pino } from 'pino';
import { callApi } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { chooseSeed } from '../support/seeded-random.ts';
import { type RequestBytes, randomRequest } from './random-requests.ts';

const seconds = Number(process.env.OUTBOARD_FUZZ_SECONDS ?? 5);
const seed = chooseSeed();
/** Streams do not end, and registries do not answer: the client goes away then. */
const patienceMs = 150;
const maxGrowth = 256 * 1024 ** 2;

/** One line of the daemon's log. */
interface LogLine {
  readonly msg: string;
  readonly status?: number;
  readonly path?: string;
  readonly reason?: string;
  readonly err?: { readonly stack?: string };
}

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A daemon of this process that reaches no registry, and has one plugin that is not enabled. */
async function openDaemon(lines: LogLine[]) {
  const home = await mkdtemp(join(tmpdir(), 'outboard-fuzz-'));
  const socket = join(home, 'run', 'api.sock');
  const configuration = withDefaults({
    'data-root': join(home, 'data'),
    'exec-root': join(home, 'run'),
    hosts: [`unix://${socket}`],
    'gateway-dir': '',
    'http-proxy': 'http://127.0.0.1:1',
    'https-proxy': 'http://127.0.0.1:1',
    'no-proxy': '',
    'registry-timeout': 1,
  });
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const daemon = await startDaemon({ configuration, logger });
  const Env = ['DEBUG', 'TOKEN'].map((Name) => ({ Name, Settable: ['value'], Value: '' }));
  const body = pluginArchive({ config: { Env, Args: { Name: 'args', Settable: ['value'] } } });
  return {
    socket,
    /** Create the plugin, unless it is there: a request may have removed it. */
    async requirePlugin() {
      if ((await callApi(socket, 'GET', '/plugins/acme/p/json')).status === 200) return;
      const created = await callApi(socket, 'POST', '/plugins/create?name=acme/p', { body });
      assert.equal(created.status, 204, created.text);
    },
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      await rm(home, { recursive: true });
    },
  };
}

/** Write bytes, and read until the daemon closes the connection or patience ends. @returns undefined without a whole head */
function exchange(socketPath: string, bytes: RequestBytes): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const received: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(parseAnswer(Buffer.concat(received).toString('latin1')));
    });
    socket.write(bytes);
  });
}

function parseAnswer(text: string): Answer | undefined {
  const last = text.replace(
    /^(HTTP\/1\.1 1\d\d [^\r]*\r\n(?!Content-Type: application\/vnd)(?:[^\r]+\r\n)*\r\n)+/,
    '',
  );
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(last) ?? [];
  const end = last.indexOf('\r\n\r\n');
  if (status === undefined || end < 0) return undefined;
  return { status: Number(status), head: last.slice(0, end), body: last.slice(end + 4) };
}

/** A frame of a stack, or a file of this repository. */
const ownCode = /\n\s+at |node:internal|\.[cm]?[jt]s:\d+/;

function check({ status, head, body }: Answer): void {
  assert.ok(!ownCode.test(body), `shows its code: ${body.slice(0, 500)}`);
  if (status < 400 || body === '') return;
  assert.match(head, /^content-type: application\/json$/im, `status ${status}: ${head}`);
  assert.equal(typeof JSON.parse(body).message, 'string');
}

/** Failures that the program does not know are faults of it. */
function checkLog(lines: readonly LogLine[]): void {
  for (const line of lines) {
    assert.notEqual(line.msg, 'request failed unexpectedly', JSON.stringify(line));
    if (line.status === 500) assert.ok(line.reason, `no cause in the log: ${JSON.stringify(line)}`);
  }
}

test('the daemon answers or refuses any request, and goes on', {
  skip: needsRoot,
  timeout: (seconds + 120) * 1000,
}, async (t) => {
  const lines: LogLine[] = [];
  await using daemon = await openDaemon(lines);
  const before = process.memoryUsage().rss;
  const statuses = new Map<number, number>();
  const play = async (requests: readonly RequestBytes[]) => {
    await daemon.requirePlugin();
    lines.length = 0;
    const answers = await Promise.all(requests.map((bytes) => exchange(daemon.socket, bytes)));
    for (const answer of answers) {
      if (answer === undefined) continue;
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      check(answer);
    }
    checkLog(lines);
  };
  let playing = Promise.resolve();
  const many = fc.array(randomRequest, { minLength: 1, maxLength: 48, size: 'max' });
  const property = fc.asyncProperty(many, (requests) => {
    playing = play(requests);
    return playing;
  });
  const limits = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 };
  await fc.assert(property, { seed, ...limits });
  // The time limit does not wait for the round under way.
  await playing;
  assert.equal((await callApi(daemon.socket, 'GET', '/_ping')).text, 'OK');
  assert.equal((await callApi(daemon.socket, 'GET', '/plugins')).status, 200);
  const counts = [...statuses].toSorted().map(([status, count]) => `${count} of ${status}`);
  t.diagnostic(`seed ${seed}: ${counts.join(', ')}`);
  for (const status of [200, 400, 404]) assert.ok(statuses.has(status), counts.join());
  const growth = process.memoryUsage().rss - before;
  assert.ok(growth < maxGrowth, `${Math.round(growth / 1024 ** 2)} MiB more memory`);
});
