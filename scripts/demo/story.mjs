/**
 * The steps of the demo with one command line: a plugin from its author's directory to a host, and through its life.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callSocket } from './http-call.mjs';

/** `propagatedMount` of the example. */
const mountedAt = '/mnt/volumes';
const volumeName = 'photos';
const holder = 'demo';
const greeting = 'hello from a container';

/**
 * @typedef {object} Stage
 * @property {import('./surroundings.mjs').Surroundings} surroundings
 * @property {import('./narrator.mjs').Narrator} narrator
 * @property {import('./command-lines.mjs').CommandLine} commandLine
 * @property {import('./command-lines.mjs').CommandLine} outboard for what docker has no command for
 * @property {import('./consumer.mjs').Consumer} consumer
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
  await useVolumeAgain(stage);
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
  const { narrator, consumer, outboard } = stage;
  await narrator.step(
    `Make a volume of it with ${consumer.name}, and write into it from a container`,
    async () => {
      await consumer.create(volumeName);
      await consumer.run(volumeName, `echo ${greeting} > /data/hello.txt`);
    },
  );
  await narrator.step('Read the data back: on the host, and in the plugin', async () => {
    const path = (await outboard.run(['volume', 'mount', '--holder', holder, volumeName])).trim();
    const file = join(path, 'hello.txt');
    await showData(stage, 'read on the host', { shown: file, path: file });
    const { Id: id } = await findPlugin(stage, reference);
    const { dataRoot } = stage.surroundings;
    const inside = path.replace(join(dataRoot, 'plugins', id, 'propagated-mount'), mountedAt);
    expect(inside !== path, `${path} is not a directory of the plugin`);
    await showInside(stage, id, join(inside, 'hello.txt'));
    await outboard.run(['volume', 'unmount', '--holder', holder, volumeName]);
  });
}

async function upgrade(stage, reference, next) {
  const { narrator, commandLine } = stage;
  await narrator.step('Disable it', () => commandLine.run(['disable', reference]));
  await narrator.step('Upgrade it in place', () =>
    commandLine.run(['upgrade', '--skip-remote-check', '--grant-all-permissions', reference, next]),
  );
  await narrator.step('Enable the new version; its settings are still there', async () => {
    await commandLine.run(['enable', reference]);
    await commandLine.run(['ls']);
    const { Settings: settings } = await findPlugin(stage, reference);
    expect(settings.Env.includes('DEBUG=1'), 'the upgrade lost a setting');
  });
}

async function useVolumeAgain({ narrator, consumer }) {
  await narrator.step('Read the data in another container, and remove the volume', async () => {
    const text = await consumer.run(volumeName, 'cat /data/hello.txt');
    expect(text === `${greeting}\n`, `the container read "${text}"`);
    await consumer.remove(volumeName);
  });
}

async function endPlugin(stage, reference) {
  const { narrator, commandLine } = stage;
  await narrator.step('Disable it and remove it', async () => {
    await commandLine.run(['disable', reference]);
    await commandLine.run(['rm', reference]);
  });
}

/** The plugin in the form of the API. */
async function findPlugin({ surroundings, signal }, reference) {
  const socketPath = surroundings.host.slice('unix://'.length);
  return callSocket({ socketPath, method: 'GET', path: `/plugins/${reference}/json`, signal });
}

/** Read the file of the volume. */
async function showData({ narrator }, words, { shown, path }) {
  const text = await readFile(path, 'utf8');
  expect(text === `${greeting}\n`, `"${text}" is in ${path}`);
  narrator.note(`${words.padEnd(18)} ${shown}: ${text.trim()}`);
}

/** Read a file through the root of the plugin's process. */
async function showInside(stage, id, path) {
  const { execRoot } = stage.surroundings;
  const pid = (await readFile(join(execRoot, 'bundles', id, 'container.pid'), 'utf8')).trim();
  await showData(stage, 'read in the plugin', { shown: path, path: join('/proc', pid, 'root', path) });
}

function expect(isTrue, otherwise) {
  if (!isTrue) throw new Error(otherwise);
}
