/**
 * The steps of the demo with one command line: a plugin from its author's directory to a host, and through its life.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callPlugin, callSocket } from './http-call.mjs';

const socketName = 'volume-local.sock';
/** `propagatedMount` of the example. */
const mountedAt = '/mnt/volumes';
/** The journal of volume consumers, below the propagated mount. */
const journalPath = '.volume-local/mounts.json';
const volumeName = 'photos';
const holder = 'demo';

/**
 * @typedef {object} Stage
 * @property {import('./surroundings.mjs').Surroundings} surroundings
 * @property {import('./narrator.mjs').Narrator} narrator
 * @property {import('./command-lines.mjs').CommandLine} commandLine
 * @property {readonly { tag: string, directory: string }[]} packed the plugin's two versions
 * @property {Set<string>} ids gets the ID of every plugin that ever was
 * @property {AbortSignal} signal
 */

/**
 * @param {Stage} stage
 * @param {{ keepsPlugin: boolean }} options whether the plugin stays, enabled, at the end
 * @returns {Promise<string>} the plugin's reference
 */
export async function tellStory(stage, { keepsPlugin }) {
  const [first, second] = stage.packed.map((version) => ({
    ...version,
    reference: referenceOf(stage, version.tag),
  }));
  for (const version of [first, second]) await publish(stage, version);
  await installAndEnable(stage, first.reference);
  await useVolume(stage, first.reference);
  await upgrade(stage, first.reference, second.reference);
  if (!keepsPlugin) await endPlugin(stage, first.reference);
  return first.reference;
}

function referenceOf({ surroundings, commandLine }, tag) {
  return `${surroundings.registry}/${commandLine.name}/volume-local:${tag}`;
}

async function publish(stage, { tag, directory, reference }) {
  const { narrator, commandLine } = stage;
  await narrator.step(`Make version ${tag} of a root filesystem and its config.json`, async () => {
    await commandLine.run(['create', reference, directory]);
    stage.ids.add((await findPlugin(stage, reference)).Id);
  });
  await narrator.step('Send it to the registry', () => commandLine.run(['push', reference]));
  await narrator.step('Forget it here: from now on it comes from the registry', () =>
    commandLine.run(['rm', reference]),
  );
}

async function installAndEnable(stage, reference) {
  const { narrator, commandLine } = stage;
  await narrator.step('Install it, but only with the privileges that one agrees to', async () => {
    await commandLine.install(reference);
    stage.ids.add((await findPlugin(stage, reference)).Id);
  });
  await narrator.step('Set it up', () => commandLine.run(['set', reference, 'DEBUG=1']));
  await narrator.step('Enable it: done once its socket accepts connections', () =>
    commandLine.run(['enable', reference]),
  );
}

async function useVolume(stage, reference) {
  const { narrator, surroundings } = stage;
  await narrator.step('Use it as a container engine would, over its socket', async () => {
    const { Id: id } = await findPlugin(stage, reference);
    await ask(stage, id, 'VolumeDriver.Create', { Name: volumeName, Opts: { mode: '750' } });
    const { Mountpoint: inside } = await ask(stage, id, 'VolumeDriver.Mount', {
      Name: volumeName,
      ID: holder,
    });
    const propagated = join(surroundings.dataRoot, 'plugins', id, 'propagated-mount');
    await showOutside(stage, join(propagated, journalPath));
    const outside = inside.replace(mountedAt, propagated);
    await writeFile(join(outside, 'hello.txt'), 'hello from the host\n');
    narrator.note(`written on the host                      ${join(outside, 'hello.txt')}`);
    await showInside(stage, id, join(inside, 'hello.txt'));
  });
}

async function upgrade(stage, reference, next) {
  const { narrator, commandLine } = stage;
  await narrator.step('Disable it', () => commandLine.run(['disable', reference]));
  await narrator.step('Upgrade it in place', () =>
    commandLine.run(['upgrade', '--skip-remote-check', '--grant-all-permissions', reference, next]),
  );
  await narrator.step('Enable the new version; volumes and settings are still there', async () => {
    await commandLine.run(['enable', reference]);
    await commandLine.run(['ls']);
    const { Id: id, Settings: settings } = await findPlugin(stage, reference);
    expect(settings.Env.includes('DEBUG=1'), 'the upgrade lost a setting');
    const { Volume: volume } = await ask(stage, id, 'VolumeDriver.Get', { Name: volumeName });
    await showInside(stage, id, join(volume.Mountpoint, 'hello.txt'));
  });
}

async function endPlugin(stage, reference) {
  const { narrator, commandLine } = stage;
  await narrator.step('Disable it and remove it, with its volumes', async () => {
    await commandLine.run(['disable', reference]);
    await commandLine.run(['rm', reference]);
  });
}

/** The plugin in the form of the API. */
async function findPlugin({ surroundings, signal }, reference) {
  const socketPath = surroundings.host.slice('unix://'.length);
  return callSocket({ socketPath, method: 'GET', path: `/plugins/${reference}/json`, signal });
}

async function ask({ surroundings, narrator, signal }, id, call, body) {
  const directory = join(surroundings.execRoot, 'plugins', id);
  const answer = await callPlugin({ directory, socket: socketName, call, body, signal });
  narrator.note(`${call} ${JSON.stringify(body)} -> ${JSON.stringify(answer)}`);
  return answer;
}

/** Read a file of the plugin by its path on the host. */
async function showOutside({ narrator }, path) {
  const text = await readFile(path, 'utf8');
  expect(JSON.parse(text).mounts[volumeName]?.[holder] === 1, `the plugin wrote "${text}" to ${path}`);
  narrator.note(`written by the plugin, read on the host  ${path}: ${text.trim()}`);
}

/** Read a file through the root of the plugin's process. */
async function showInside({ surroundings, narrator }, id, path) {
  const pid = (await readFile(join(surroundings.execRoot, 'bundles', id, 'container.pid'), 'utf8')).trim();
  const text = await readFile(join('/proc', pid, 'root', path), 'utf8');
  expect(text === 'hello from the host\n', `the plugin sees "${text}" in ${path}`);
  narrator.note(`read in the plugin                       ${path}: ${text.trim()}`);
}

function expect(isTrue, otherwise) {
  if (!isTrue) throw new Error(otherwise);
}
