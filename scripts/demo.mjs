#!/usr/bin/env node
/**
 * `npm run demo`: the main job, done once before your eyes on real parts, in a temporary directory that is gone afterwards.
 *
 *     npm run demo                     tells the story and cleans up
 *     npm run demo -- --keep           leaves registry, daemon and plugin for you to try
 *     npm run demo -- --stop <directory>  ends what --keep left
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cleanUp } from './demo/clean-up.mjs';
import { commandLines } from './demo/command-lines.mjs';
import { findConsumer } from './demo/consumer.mjs';
import { Narrator } from './demo/narrator.mjs';
import { demoImage } from './demo/podman.mjs';
import { tellStory } from './demo/story.mjs';
import {
  createSurroundings,
  loadSurroundings,
  saveSurroundings,
  startDaemon,
  startRegistry,
} from './demo/surroundings.mjs';
import { packPlugin } from './pack-plugin.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'bin', 'outboard');
const exampleDirectory = join(root, 'examples', 'volume-local');

const { values: flags } = parseArgs({ options: { keep: { type: 'boolean' }, stop: { type: 'string' } } });
process.exitCode = flags.stop === undefined ? await demonstrate(flags.keep ?? false) : await stop(flags.stop);

/** @returns {Promise<number>} exit code */
async function demonstrate(keep) {
  if (process.getuid?.() !== 0) {
    console.error('demo: plugins run in containers, which takes root; run: sudo npm run demo');
    return 1;
  }
  const interrupted = new AbortController();
  const interrupt = (signal) => interrupted.abort(new Error(`stopped by ${signal}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
  // As after "| head": without a reader, the servers must be ended.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => interrupted.abort(new Error('stopped: nobody reads its output any more')));
  }
  const surroundings = createSurroundings();
  const { directory } = surroundings;
  console.log('Outboard demo: an example plugin, from its author to a host, on a real registry and daemon.');
  console.log(`All is below ${directory}, which ${keep ? '--keep leaves' : 'is gone afterwards'}.\n`);
  const ids = new Set();
  if (!setUp({ needsDockerCli: true })) {
    await end(surroundings, ids);
    return 1;
  }
  let kept;
  try {
    kept = await play(surroundings, { ids, keep, signal: interrupted.signal });
  } catch (error) {
    await tellFailure(surroundings, interrupted.signal.aborted ? interrupted.signal.reason : error);
    await end(surroundings, ids);
    return 1;
  }
  return keep ? tellWhatToTry(surroundings, kept) : end(surroundings, ids);
}

/** @returns {Promise<{ name: string, plugin: string }>} the last command line, and the plugin that stays */
async function play(surroundings, { ids, keep, signal }) {
  const narrator = new Narrator();
  narrator.part('a plugin, a registry, a daemon and a consumer');
  const packed = await narrator.step(
    'Pack the example plugin in two versions: Node.js, its libraries, the program',
    () => packVersions(surroundings),
  );
  await narrator.step('Start a registry', () => startRegistry(surroundings, signal));
  await narrator.step('Start the daemon', () => startDaemon(surroundings, program, signal));
  const consumer = await narrator.step('Find a program whose containers use volumes', () =>
    findConsumer({ surroundings, narrator, signal }),
  );
  saveSurroundings(surroundings);
  let last;
  const lines = commandLines({ surroundings, program, narrator, signal });
  if (consumer.connectArgs.length > 0) {
    await narrator.step(`Let ${consumer.name} use every volume plugin, from now on`, () =>
      lines[0].run(consumer.connectArgs),
    );
  }
  for (const commandLine of lines) {
    const isFirst = commandLine === lines[0];
    narrator.part(`${isFirst ? "the plugin's life" : 'the same'}, with ${commandLine.name}`);
    const isLast = commandLine === lines.at(-1);
    const stage = { surroundings, narrator, commandLine, outboard: lines[0], consumer, packed, ids, signal };
    last = { name: commandLine.name, plugin: await tellStory(stage, { keepsPlugin: keep && isLast }) };
  }
  return last;
}

/** The versions differ in their description. */
async function packVersions({ directory }) {
  const versions = ['v1', 'v2'].map((tag) => ({ tag, directory: join(directory, `packed-${tag}`) }));
  for (const { tag, directory: packed } of versions) {
    await mkdir(packed);
    await packPlugin(exampleDirectory, packed);
    const file = join(packed, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(
      file,
      JSON.stringify({ ...config, description: `${config.description}, ${tag}` }, null, 2),
    );
  }
  return versions;
}

async function stop(directory) {
  if (!existsSync(join(directory, 'demo.json'))) {
    console.error(`demo: nothing to stop: "${directory}" is no directory that --keep left`);
    return 1;
  }
  return end(loadSurroundings(directory), new Set());
}

/** Clean up and report the result. @returns {Promise<number>} exit code */
async function end(surroundings, ids) {
  const leftovers = await cleanUp(surroundings, ids);
  console.log(`\nleft behind: ${leftovers.length === 0 ? 'nothing' : `\n  ${leftovers.join('\n  ')}`}`);
  return leftovers.length === 0 ? 0 : 1;
}

async function tellFailure({ directory }, error) {
  console.error(`\ndemo: ${error.message}`);
  const log = await readFile(join(directory, 'daemon.log'), 'utf8').catch(() => 'it never ran');
  console.error(`last words of the daemon:\n${log.split('\n').slice(-15).join('\n')}`);
}

function tellWhatToTry({ directory, host, registry, podman }, { name, plugin }) {
  const withPodman =
    podman === undefined
      ? ''
      : `
  ${podman.program} volume create --driver volume-local more
  ${podman.program} run --rm --volume more:/data ${demoImage} sh -c 'df /data'
`;
  const withDocker = `
  export DOCKER_HOST=${host}
  docker plugin ls
  docker plugin inspect --format '{{json .Settings}}' ${plugin}
`;
  console.log(`
All of it still runs. Try:
${name === 'docker' ? withDocker : ''}
  export OUTBOARD_HOST=${host}
  ${program} ls
  ${program} privileges ${registry}/outboard/volume-local:v2
  ${program} install --alias second ${registry}/outboard/volume-local:v2
${withPodman}
End it with:

  npm run demo -- --stop ${directory}`);
  return 0;
}
