/**
 * A plugin for tests that serves volumes as directories of its propagated mount, so that they outlive it. The beginning
 * of a volume's name selects a fault.
 */
import type { PluginContextOptions } from './plugin-fixture.ts';
import { fixtureSocket } from './plugin-fixture.ts';

/** Parent directory of the volumes, in the plugin's mount namespace. */
export const volumeDirectory = '/mnt/volumes';

/**
 * `refused-…` cannot be created, `kept-…` cannot be removed, `escaping-…` lies behind a link that leads out of the
 * propagated mount, `unlisted-…` is in no list. The first two errors come with status 200, others with status 500.
 */
const script = `
import { createServer } from 'node:http';
import { mkdirSync, readdirSync, rmSync, existsSync, symlinkSync } from 'node:fs';
const root = '${volumeDirectory}';
const pathOf = (name) => root + '/' + encodeURIComponent(name);
const is = (name, word) => name.startsWith(word + '-');
const shown = (Name) => ({ Name, Mountpoint: pathOf(Name), Status: { kind: 'folder' } });
const fail = (Err, status = 500) => ({ status, body: { Err } });
const done = (body = {}) => ({ status: 200, body: { Err: '', ...body } });
const whenThere = (Name, answer) => (existsSync(pathOf(Name)) ? answer() : fail('no such volume ' + Name));
const answers = {
  '/Plugin.Activate': () => done({ Implements: ['VolumeDriver'] }),
  '/VolumeDriver.Capabilities': () => done({ Capabilities: { Scope: 'local' } }),
  '/VolumeDriver.Create': ({ Name, Opts }) => {
    if (is(Name, 'refused')) return fail('out of space', 200);
    if (Opts?.bad !== undefined) return fail('unknown option bad');
    if (is(Name, 'escaping')) symlinkSync('/usr', pathOf(Name));
    else mkdirSync(pathOf(Name), { recursive: true });
    return done();
  },
  '/VolumeDriver.Remove': ({ Name }) =>
    whenThere(Name, () => {
      if (is(Name, 'kept')) return fail('held by a lease', 200);
      rmSync(pathOf(Name), { recursive: true });
      return done();
    }),
  '/VolumeDriver.Get': ({ Name }) => whenThere(Name, () => done({ Volume: shown(Name) })),
  '/VolumeDriver.List': () => {
    const names = readdirSync(root).map(decodeURIComponent).filter((name) => !is(name, 'unlisted'));
    return done({ Volumes: names.map(shown) });
  },
  '/VolumeDriver.Path': ({ Name }) => whenThere(Name, () => done({ Mountpoint: pathOf(Name) })),
  '/VolumeDriver.Mount': ({ Name }) => whenThere(Name, () => done({ Mountpoint: shown(Name).Mountpoint })),
  '/VolumeDriver.Unmount': () => done(),
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const answer = answers[request.url];
  const { status, body: reply } = answer ? answer(body === '' ? {} : JSON.parse(body)) : fail('not found', 404);
  console.log(request.url + ' ' + body.trim());
  response.writeHead(status, { 'content-type': 'application/vnd.docker.plugins.v1.2+json' });
  response.end(JSON.stringify(reply));
});
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** The plugin, for `writePluginContext` and `pluginArchive`. */
export const volumePlugin: PluginContextOptions = {
  script,
  config: { PropagatedMount: volumeDirectory },
  // Docker mounts over it, but does not create it.
  files: { [`${volumeDirectory}/.keep`]: '' },
};
