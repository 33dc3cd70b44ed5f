/**
 * Metrics at an address, and through plugins that collect them.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { checkDataRoot } from '../support/data-root.ts';
import { metricsPlugin, readJournal, scrapeInPlugin } from '../support/metrics-plugin.ts';
import { needsRoot } from '../support/needs-root.ts';
import { type PluginApi, pluginApi } from '../support/plugin-api.ts';
import { type PluginArchiveOptions, pluginArchive } from '../support/plugin-archive.ts';
import { callPlugin } from '../support/plugin-client.ts';
import { type ParsedFamily, parsePrometheusText } from '../support/prometheus-text.ts';
import { startRegistry } from '../support/registry.ts';
import { pidOfPlugin } from '../support/running-plugins.ts';

const skip = needsRoot;

interface Place {
  daemon: TestDaemon;
  readonly api: PluginApi;
  /** Start the next daemon after the last one has ended. */
  startNext(): Promise<void>;
  /** Create and enable a plugin. @returns its ID */
  enable(name: string, options?: PluginArchiveOptions): Promise<string>;
}

async function openPlace(context: TestContext, ...args: readonly string[]): Promise<Place> {
  const { home, remove } = await makeDaemonHome();
  const place: Place = {
    daemon: await startDaemon({ home, args }),
    get api() {
      return pluginApi(place.daemon.socket);
    },
    async startNext() {
      place.daemon = await startDaemon({ home, args });
    },
    async enable(name, options) {
      await place.api.create(name, pluginArchive(options));
      await place.api.enable(name);
      return idOf(place, name);
    },
  };
  context.after(async () => {
    for (const { name } of checkDataRoot(place.daemon.dataRoot).plugins) {
      await place.api.remove(name, { force: true });
    }
    assert.equal(await place.daemon.end('SIGTERM'), 0, place.daemon.log());
    await remove();
  });
  return place;
}

function idOf({ daemon }: Place, name: string): string {
  const found = checkDataRoot(daemon.dataRoot).plugins.find((plugin) => plugin.name === `${name}:latest`);
  return found?.id ?? assert.fail(`no plugin ${name}`);
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function request(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, headers, agent: false }, (response) => {
      const type = response.headers['content-type'];
      text(response).then((body) => resolve({ status: response.statusCode, type, text: body }), reject);
    }).on('error', reject);
  });
}

/** The port that the system chose for port 0. */
function metricsPort(daemon: TestDaemon): number {
  const found = /"tcp:\/\/127\.0\.0\.1:(\d+)"\],"msg":"serving metrics"/.exec(daemon.log());
  return Number(found?.[1] ?? assert.fail(daemon.log()));
}

async function scrape(daemon: TestDaemon): Promise<ReadonlyMap<string, ParsedFamily>> {
  const answer = await request(metricsPort(daemon), '/metrics');
  assert.deepEqual([answer.status, answer.type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parsePrometheusText(answer.text);
}

/** The value of one series. */
function seriesValue(families: ReadonlyMap<string, ParsedFamily>, series: string): number | undefined {
  return [...families.values()].find(({ samples }) => samples.has(series))?.samples.get(series);
}

/** The first column of the tables in the documentation, sorted. */
async function documentedNames(): Promise<readonly string[]> {
  const page = await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| `([a-z_]+)` \| (?:gauge|counter|histogram) \|/gm)]
    .map(([, name = '']) => name)
    .sort();
}

const atPort0 = ['--metrics-addr', '127.0.0.1:0'];

test('metrics cover a plugin from its pull to its removal', { skip }, async (context) => {
  const registry = await startRegistry();
  context.after(() => registry.stop());
  const place = await openPlace(context, ...atPort0);
  const { api, daemon } = place;
  const remote = `${registry.host}/acme/source:latest`;
  await api.create(remote, pluginArchive());
  await api.push(remote);
  const source = `plugin="${remote}"`;
  const before = await scrape(daemon);
  const pushed = seriesValue(before, `outboard_plugin_pushed_bytes_total{${source}}`) ?? 0;
  assert.ok(pushed > 100, 'no bytes pushed');
  assert.equal(seriesValue(before, `outboard_plugin_state{${source},state="disabled"}`), 1);
  assert.equal(seriesValue(before, `outboard_plugin_memory_bytes{${source}}`), undefined);
  // Its layers must be downloaded again.
  await api.remove(remote);
  await api.pull(remote, 'acme/pulled');
  await api.enable('acme/pulled');
  await callPlugin(join(daemon.gatewayDirectory, 'pulled.sock'), 'VolumeDriver.List', {});
  await callPlugin(join(daemon.gatewayDirectory, 'pulled.sock'), 'VolumeDriver.Get', { Name: 'none' });
  await callPlugin(join(daemon.gatewayDirectory, 'pulled.sock'), 'Made.Up', {});
  await assert.rejects(api.set('acme/pulled', 'DEBUG=1'), /cannot set on an active plugin/);

  const plugin = 'plugin="acme/pulled:latest"';
  const families = await scrape(daemon);
  const value = (series: string) => seriesValue(families, series);
  assert.equal(value(`outboard_plugin_enabled{${plugin}}`), 1);
  assert.equal(value(`outboard_plugin_state{${plugin},state="running"}`), 1);
  assert.equal(value(`outboard_plugin_state{${plugin},state="disabled"}`), 0);
  assert.equal(value(`outboard_plugin_restarts_total{${plugin}}`), 0);
  assert.ok((value(`outboard_plugin_cpu_seconds_total{${plugin}}`) ?? 0) > 0.001, 'no CPU time');
  assert.ok((value(`outboard_plugin_memory_bytes{${plugin}}`) ?? 0) > 1_000_000, 'no memory');
  assert.ok((value(`outboard_plugin_pulled_bytes_total{${plugin}}`) ?? 0) > 100, 'no bytes pulled');
  assert.ok((value(`outboard_plugin_unpack_seconds_total{${plugin}}`) ?? 0) > 0, 'no time in the jail');
  const operation = (name: string, outcome: string) =>
    value(`outboard_plugin_operations_total{operation="${name}",outcome="${outcome}",${plugin}}`);
  assert.deepEqual(
    [operation('pull', 'success'), operation('enable', 'success'), operation('set', 'failure')],
    [1, 1, 1],
  );
  assert.equal(value(`outboard_gateway_socket_listening{alias="pulled",${plugin}}`), 1);
  assert.deepEqual(
    ['calls_running', 'calls_waiting', 'circuit_open'].map((name) =>
      value(`outboard_gateway_${name}{${plugin}}`),
    ),
    [0, 0, 0],
  );
  const calls = (method: string, outcome: string) =>
    value(`outboard_gateway_calls_total{method="${method}",outcome="${outcome}",${plugin}}`);
  assert.deepEqual(
    [calls('VolumeDriver.List', 'success'), calls('VolumeDriver.Get', 'failure'), calls('other', 'failure')],
    [1, 1, 1],
  );
  const durations = `outboard_gateway_call_duration_seconds_bucket{le="+Inf",method="VolumeDriver.List",${plugin}}`;
  assert.equal(value(durations), 1);
  assert.equal(value('outboard_pulled_bytes_total'), value(`outboard_plugin_pulled_bytes_total{${plugin}}`));
  assert.equal(value('outboard_plugins{state="running"}'), 1);
  assert.equal(value('outboard_pushed_bytes_total'), pushed);
  assert.equal(value('outboard_operation_duration_seconds_count{operation="push"}'), 1);
  assert.equal(value('outboard_operation_duration_seconds_bucket{le="+Inf",operation="push"}'), 1);
  assert.equal(value('outboard_http_requests_total{code="204",method="POST"}'), 1, 'requests to create');

  assert.deepEqual([...families.keys()].sort(), await documentedNames());

  await api.remove('acme/pulled', { force: true });
  const after = await scrape(daemon);
  const left = [...after.values()].flatMap(({ samples }) =>
    [...samples.keys()].filter((key) => key.includes(plugin)),
  );
  assert.deepEqual(left, []);
  assert.ok((seriesValue(after, 'outboard_pulled_bytes_total') ?? 0) > 100, 'totals must stay');
});

test('the restart counter of a restarted plugin increases', { skip }, async (context) => {
  const place = await openPlace(context);
  const id = await place.enable('acme/crash', metricsPlugin());
  await scrapeInPlugin(place.daemon.execRoot, id);
  process.kill(pidOfPlugin(place.daemon.execRoot, id), 'SIGKILL');
  // The next process answers next; it was told to start as well.
  const { text: metrics } = await scrapeInPlugin(place.daemon.execRoot, id);
  const families = parsePrometheusText(metrics);
  assert.equal(seriesValue(families, 'outboard_plugin_restarts_total{plugin="acme/crash:latest"}'), 1);
  assert.deepEqual(readJournal(place.daemon.dataRoot, id), ['StartMetrics""', 'StartMetrics""']);
});

test('the address for metrics serves GET /metrics and nothing else, and no web page', {
  skip,
}, async (context) => {
  const { daemon } = await openPlace(context, ...atPort0);
  const port = metricsPort(daemon);
  const answers: readonly [path: string, headers: Readonly<Record<string, string>>, status: number][] = [
    ['/metrics?x=1', {}, 200],
    ['/', {}, 404],
    ['/plugins', {}, 404],
    ['/metrics/', {}, 404],
    ['/metrics', { Origin: 'http://evil.example' }, 403],
    ['/metrics', { Host: 'evil.example' }, 403],
  ];
  for (const [path, headers, status] of answers) {
    assert.equal((await request(port, path, headers)).status, status, `${path} ${JSON.stringify(headers)}`);
  }
});

test('the daemon does not start with a metrics address that is in use', { skip }, async (context) => {
  const { daemon } = await openPlace(context, ...atPort0);
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const address = `127.0.0.1:${metricsPort(daemon)}`;
  await assert.rejects(startDaemon({ home, args: ['--metrics-addr', address] }), {
    message: new RegExp(`ended with 1: [^]*cannot listen on tcp://${address}: `),
  });
});

for (const propagatedMount of ['', '/run/docker']) {
  const which = propagatedMount === '' ? 'no propagated mount' : `propagated mount ${propagatedMount}`;
  test(`a collector with ${which} reads the socket from enable to disable`, { skip }, async (context) => {
    const place = await openPlace(context);
    const id = await place.enable('acme/collector', metricsPlugin(propagatedMount));
    const { status, type, text: metrics } = await scrapeInPlugin(place.daemon.execRoot, id);
    assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    const families = parsePrometheusText(metrics);
    const state = 'outboard_plugin_state{plugin="acme/collector:latest",state="running"}';
    assert.equal(seriesValue(families, state), 1);
    await place.api.disable('acme/collector');
    assert.deepEqual(readJournal(place.daemon.dataRoot, id), ['StartMetrics""', 'StopMetrics""']);
    await place.api.enable('acme/collector');
    assert.equal((await scrapeInPlugin(place.daemon.execRoot, id)).status, 200);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`a collector with ${which} reads the next daemon's metrics after ${signal}`, {
      skip,
    }, async (context) => {
      const place = await openPlace(context);
      const other = await place.enable('acme/volumes');
      const id = await place.enable('acme/collector', metricsPlugin(propagatedMount));
      await scrapeInPlugin(place.daemon.execRoot, id);
      const pidOfOther = pidOfPlugin(place.daemon.execRoot, other);
      await place.daemon.end(signal);
      await place.startNext();
      const scraped = await scrapeInPlugin(place.daemon.execRoot, id);
      assert.equal(scraped.status, 200, scraped.text);
      const stopped = signal === 'SIGTERM' ? ['StopMetrics""'] : [];
      const journal = readJournal(place.daemon.dataRoot, id);
      assert.deepEqual(journal, ['StartMetrics""', ...stopped, 'StartMetrics""']);
      assert.equal(pidOfPlugin(place.daemon.execRoot, other), pidOfOther, 'other plugins must run on');
    });
  }
}

test('enable returns after the collector has confirmed its start', { skip }, async (context) => {
  const place = await openPlace(context);
  const script = `
    import { appendFileSync } from 'node:fs';
    import { createServer } from 'node:http';
    createServer((request, response) => {
      setTimeout(() => {
        appendFileSync('/journal', request.url + ' answered\\n');
        response.end();
      }, 500);
    }).listen('/run/docker/plugins/fixture.sock');
    process.on('SIGTERM', () => process.exit(0));
  `;
  const id = await place.enable('acme/slow', { ...metricsPlugin(), script });
  const journal = readJournal(place.daemon.dataRoot, id);
  assert.deepEqual(journal, ['/MetricsCollector.StartMetrics answered']);
});

test('a failing collector is logged and delays nothing', { skip }, async (context) => {
  const place = await openPlace(context);
  const answers = { 'acme/refuses': '{"Err":"no disk"}', 'acme/lost': null };
  for (const [name, answer] of Object.entries(answers)) {
    const script = `
      import { createServer } from 'node:http';
      const answer = ${JSON.stringify(answer)};
      createServer((request, response) => {
        if (answer === null) request.socket.destroy();
        else response.end(answer);
      }).listen('/run/docker/plugins/fixture.sock');
      process.on('SIGTERM', () => process.exit(0));
    `;
    await place.enable(name, { ...metricsPlugin(), script });
  }
  await place.daemon.untilLogged(/MetricsCollector\.StartMetrics: no disk/);
  for (const name of Object.keys(answers)) await place.api.disable(name);
  assert.match(
    place.daemon.log(),
    /"plugin":"acme\/lost:latest","msg":"a metrics collector could not be stopped"/,
  );
});

test('a plugin that is not a metrics collector has no metrics socket', { skip }, async (context) => {
  const place = await openPlace(context);
  const script = `
    import { existsSync } from 'node:fs';
    console.log(existsSync('/run/docker/metrics.sock') ? 'seen' : 'unseen');
    process.exit(1);
  `;
  await place.api.create('acme/other', pluginArchive({ script }));
  await assert.rejects(place.api.enable('acme/other'), /its last log lines: .*"unseen/);
});
