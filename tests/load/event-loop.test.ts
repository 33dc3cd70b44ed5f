/**
 * The event loop of a daemon with 1,000 plugins and 8,000 volumes is never held: each turn of each operation is short. The
 * plugins are written to the data root before, the one with the volumes runs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiAnswer, callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { download } from '../support/download.ts';
import { copyName, copyPlugin, volumeName, writeVolumes } from '../support/large-data-root.ts';
import { needsRoot } from '../support/needs-root.ts';
import { perlDriverArchive, perlPluginArchive } from '../support/perl-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { checkTurns, runStep, type Step } from '../support/turn-checks.ts';
import { startWatchedDaemon, type WatchedDaemon } from '../support/watched-daemon.ts';

const plugins = 1_000;
const volumes = 8_000;
const driver = 'acme/driver:latest';

describe('a daemon with 1,000 plugins and 8,000 volumes', { skip: needsRoot }, () => {
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let daemon: WatchedDaemon;
  let registry: TestRegistry;

  before(async () => {
    [home, registry] = await Promise.all([makeDaemonHome(), startRegistry()]);
    await fill(home.home);
    daemon = await startWatchedDaemon({ home: home.home });
  });
  after(async () => {
    if (daemon !== undefined) await callApi(daemon.socket, 'DELETE', `/plugins/${driver}?force=1`);
    await home.remove();
    await registry.stop();
  });

  const run = (step: Step): Promise<ApiAnswer> => runStep(daemon, step);
  const check = (name: string, work: (attempt: number) => Promise<void>): Promise<void> =>
    checkTurns(() => daemon, name, work);

  /** A test of the turns of some requests. @param steps made when the operations before have run, for each attempt */
  function operation(name: string, steps: (attempt: number) => readonly Step[]): void {
    it(`${name}: no turn of the event loop is long`, () =>
      check(name, async (attempt) => {
        for (const step of steps(attempt)) await run(step);
      }));
  }

  it('its start: no turn of the event loop is long', () =>
    check('start', async (attempt) => {
      if (attempt === 1) return;
      await daemon.end('SIGTERM');
      daemon = await startWatchedDaemon({ home: home.home });
    }));

  operation('list and inspect', () => [
    { method: 'GET', path: '/plugins' },
    { method: 'GET', path: `/plugins?filters=${encodeURIComponent('{"enabled":["false"]}')}` },
    { method: 'GET', path: '/outboard/v1/plugins' },
    { method: 'GET', path: `/plugins/${copyName(1)}/json` },
    { method: 'GET', path: `/outboard/v1/plugins/${copyName(1)}/json` },
    { method: 'GET', path: '/info' },
    { method: 'GET', path: '/outboard/v1/stats?stream=0' },
  ]);
  operation('set, remove, and a list after them', (attempt) => [
    { method: 'POST', path: `/plugins/${copyName(1)}/set`, body: ['DEBUG=1'], status: 204 },
    { method: 'DELETE', path: `/plugins/${copyName(1 + attempt)}` },
    { method: 'GET', path: '/plugins' },
  ]);
  operation('enable, restart and disable', () => [
    { method: 'POST', path: `/plugins/${copyName(1)}/enable?timeout=30` },
    { method: 'POST', path: `/outboard/v1/plugins/${copyName(1)}/restart`, status: 204 },
    { method: 'POST', path: `/plugins/${copyName(1)}/disable` },
    { method: 'POST', path: `/plugins/${driver}/enable?timeout=30` },
  ]);
  operation('list, inspect and create of volumes', () => [
    { method: 'GET', path: '/volumes' },
    { method: 'GET', path: `/volumes?filters=${encodeURIComponent('{"dangling":["true"]}')}` },
    { method: 'GET', path: `/volumes/${volumeName(7)}` },
    { method: 'POST', path: '/volumes/create', body: { Name: 'one-more', Driver: driver }, status: 201 },
    { method: 'DELETE', path: '/volumes/one-more', status: 204 },
    { method: 'POST', path: '/volumes/prune' },
  ]);

  it('create, push, install, upgrade, save and load: no turn of the event loop is long', () =>
    check('transfers', transfer));

  async function transfer(): Promise<void> {
    const [first, second] = ['v1', 'v2'].map((tag) => `${registry.host}/acme/pushed:${tag}`) as [
      string,
      string,
    ];
    for (const name of [first, second]) {
      await run({
        method: 'POST',
        path: `/plugins/create?name=${name}`,
        body: perlPluginArchive(),
        status: 204,
      });
      await run({ method: 'POST', path: `/plugins/${name}/push` });
      await run({ method: 'DELETE', path: `/plugins/${name}` });
    }
    await install(first);
    await run({
      method: 'POST',
      path: `/plugins/${first}/upgrade?remote=${second}`,
      body: await privilegesOf(second),
    });
    const archive = await download(daemon.socket, `/outboard/v1/plugins/save?names=${first}`);
    const { text } = await run({ method: 'POST', path: '/outboard/v1/archives', body: archive, status: 201 });
    await run({ method: 'DELETE', path: `/outboard/v1/archives/${JSON.parse(text).Id}`, status: 204 });
    await run({ method: 'DELETE', path: `/plugins/${first}` });
  }

  async function privilegesOf(remote: string): Promise<unknown> {
    const { text } = await run({ method: 'GET', path: `/plugins/privileges?remote=${remote}` });
    return JSON.parse(text);
  }

  async function install(remote: string): Promise<void> {
    await run({ method: 'POST', path: `/plugins/pull?remote=${remote}`, body: await privilegesOf(remote) });
  }

  operation('gc and fsck', () => [
    { method: 'POST', path: '/outboard/v1/gc' },
    {
      method: 'POST',
      path: `/outboard/v1/fsck?quick=1${numbers(50)
        .map((n) => `&plugins=${copyName(n + 10)}`)
        .join('')}`,
    },
    { method: 'POST', path: `/outboard/v1/fsck?plugins=${copyName(1)}` },
  ]);
  const members = JSON.stringify(Object.fromEntries(numbers(8_000).map((number) => [`k${number}`, number])));
  const privileges = numbers(2_000).map(() => ({ Name: 'network', Description: '', Value: ['host'] }));
  operation('hostile documents', () => [
    { method: 'POST', path: `/plugins/${copyName(1)}/set`, body: JSON.parse(members), status: 400 },
    {
      method: 'POST',
      path: '/volumes/create',
      body: { Driver: 'none', ...JSON.parse(members) },
      status: 404,
    },
    { method: 'POST', path: `/plugins/${copyName(1)}/set`, body: numbers(200_000), status: 400 },
    {
      method: 'POST',
      path: `/plugins/pull?remote=${registry.host}/acme/none`,
      body: privileges,
      status: 404,
    },
    { method: 'POST', path: '/plugins/create?name=acme/wide', body: wideArchive, status: 400 },
  ]);
  operation('a driver that answers without measure', () => [
    { method: 'POST', path: '/plugins/create?name=acme/hostile', body: hostileArchive, status: 204 },
    { method: 'POST', path: '/plugins/acme/hostile/enable?timeout=30' },
    { method: 'GET', path: '/volumes?filters=%7B%22driver%22%3A%5B%22acme%2Fhostile%3Alatest%22%5D%7D' },
    { method: 'DELETE', path: '/plugins/acme/hostile?force=1' },
  ]);
  operation('a list of volumes without their driver', () => [
    { method: 'POST', path: `/plugins/${driver}/disable?force=1` },
    { method: 'GET', path: '/volumes' },
    { method: 'POST', path: `/plugins/${driver}/enable?timeout=30` },
  ]);
});

/** The driver of the volumes: it says that they exist, and needs no directories. */
const answering = `
sub shown {
  my ($name) = @_;
  return qq({"Name":"$name","Mountpoint":"/mnt/volumes/$name"});
}
sub answer {
  my ($call, $name) = @_;
  return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
  return '{"Capabilities":{"Scope":"local"}}' if $call eq '/VolumeDriver.Capabilities';
  return '{"Volumes":[' . join(',', map { shown("data-$_") } 0 .. ${volumes - 1}) . ']}' if $call eq '/VolumeDriver.List';
  return '{"Err":"no such volume"}' if $call eq '/VolumeDriver.Get' and $name !~ /^data-/;
  return '{"Volume":' . shown($name) . '}' if $call eq '/VolumeDriver.Get';
  return '{}';
}
`;

/** A config with more mounts than are permitted, and many values. */
const wideArchive = pluginArchive({
  config: {
    Mounts: numbers(3_000).map((number) => ({
      Name: `m${number}`,
      Type: 'bind',
      Source: '/usr',
      Destination: '/m',
    })),
  },
});

/** A driver whose list is one object with 400,000 members. */
const hostileArchive = perlDriverArchive(`
  sub answer {
    my ($call) = @_;
    return '{"Implements":["VolumeDriver"]}' if $call eq '/Plugin.Activate';
    return '{}' unless $call eq '/VolumeDriver.List';
    return '{"Volumes":[{' . join(',', map { qq("k$_":1) } 1 .. 400000) . '}]}';
  }
`);

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Write the plugins and volumes. */
async function fill(home: string): Promise<void> {
  const empty = await startDaemon({ home });
  const headers = { 'Content-Type': 'application/x-tar' };
  const given = { headers, body: perlDriverArchive(answering) };
  const { status } = await callApi(empty.socket, 'POST', `/plugins/create?name=${driver}`, given);
  assert.equal(status, 204);
  await empty.end('SIGTERM');
  copyPlugin(empty.dataRoot, plugins - 1);
  writeVolumes(empty.dataRoot, driver, volumes);
}
