import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { definePlugin, type VolumeDriver } from '@outboard/sdk';

const root = '/mnt/volumes'; // "propagatedMount" in config.json
const pathOf = (name: string) => `${root}/v-${encodeURIComponent(name)}`; // no name leaves the directory

const volume: VolumeDriver = {
  async create({ name }) {
    await mkdir(pathOf(name)); // `options` of the request are the operator's
  },
  async remove(name) {
    await rm(pathOf(name), { recursive: true });
  },
  async mount(name) {
    return pathOf(name); // mount a file system here, if there is one
  },
  async unmount() {
    // undo mount() here
  },
  async get(name) {
    return existsSync(pathOf(name)) ? { name } : undefined;
  },
  async list() {
    const names = (await readdir(root)).filter((file) => file.startsWith('v-'));
    return names.map((file) => ({ name: decodeURIComponent(file.slice(2)) }));
  },
};

await definePlugin({ name: 'acme', volume, stateDirectory: `${root}/.state` }).serve();
