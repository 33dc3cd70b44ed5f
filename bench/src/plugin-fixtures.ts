/**
 * The plugins that are measured: the packed example (about 100 MB in a few files), a tree of many small files, and
 * one of a single file. Both engines get the same bytes.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const packProgram = fileURLToPath(new URL('../../scripts/pack-plugin.mjs', import.meta.url));
const exampleFolder = fileURLToPath(new URL('../../examples/volume-local', import.meta.url));

const manyFiles = 58_000;
const filesPerDirectory = 100;
const bytesPerFile = 3_100;

/** Files of the context of each plugin, as `plugin create` takes them: a tar of config.json and rootfs/. */
export interface PluginFixtures {
  readonly big: string;
  readonly many: string;
  readonly folder: string;
}

export async function makeFixtures(folder: string): Promise<PluginFixtures> {
  await mkdir(folder, { recursive: true });
  const [big, many] = [join(folder, 'big'), join(folder, 'many')];
  await run(process.execPath, [packProgram, exampleFolder, big]);
  await makeManyFiles(many);
  return { folder, big: await archive(big), many: await archive(many) };
}

/** A plugin of one small file, unlike every other. */
export async function makeTinyContext(folder: string, index: number): Promise<string> {
  const directory = join(folder, `tiny-${index}`);
  await mkdir(join(directory, 'rootfs'), { recursive: true });
  await writeFile(join(directory, 'rootfs', 'number'), `${index}\n`);
  await writeFile(join(directory, 'config.json'), minimalConfig(`number ${index}`));
  const context = await archive(directory);
  await rm(directory, { recursive: true });
  return context;
}

async function makeManyFiles(directory: string): Promise<void> {
  await mkdir(join(directory, 'rootfs'), { recursive: true });
  await writeFile(join(directory, 'config.json'), minimalConfig('many small files'));
  for (let first = 0; first < manyFiles; first += filesPerDirectory) {
    const parent = join(directory, 'rootfs', 'usr', 'lib', `module-${first / filesPerDirectory}`);
    await mkdir(parent, { recursive: true });
    for (let index = first; index < Math.min(first + filesPerDirectory, manyFiles); index++) {
      await writeFile(join(parent, `file-${index}.js`), sourceLikeText(index));
    }
  }
}

/** Text that compresses about as well as source code does: half words that recur, half digits that do not. */
function sourceLikeText(seed: number): string {
  let text = '';
  for (let line = 0; text.length < bytesPerFile; line++) {
    const digest = createHash('sha256').update(`${seed}:${line}`).digest('hex');
    text += `export function handler_${line}(request, response) { return '${digest}'; }\n`;
  }
  return text.slice(0, bytesPerFile);
}

function minimalConfig(description: string): string {
  return JSON.stringify({
    description,
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: ['/plugin'],
    network: { type: '' },
    args: { name: 'args', value: [] },
    linux: {},
  });
}

async function archive(directory: string): Promise<string> {
  const file = `${directory}.tar`;
  await run('tar', [
    '--numeric-owner',
    '--owner=0',
    '--group=0',
    '-cf',
    file,
    '-C',
    directory,
    'config.json',
    'rootfs',
  ]);
  return file;
}
