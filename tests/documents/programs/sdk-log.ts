import { open, readFile } from 'node:fs/promises';
import { definePlugin, type LogDriver, lastEntries } from '@outboard/sdk';

const directory = '/mnt/logs'; // "propagatedMount" in config.json
const fileOf = (id: string) => `${directory}/${encodeURIComponent(id)}.log`; // no ID leaves the directory

const log: LogDriver = {
  async openLog({ id }) {
    const file = await open(fileOf(id), 'a');
    return {
      async write({ source, timeNano, line }) {
        await file.write(`${source} ${timeNano} ${Buffer.from(line).toString()}\n`);
      },
      close: () => file.close(),
    };
  },
  async readLogs({ id }, { tail }) {
    const lines = (await readFile(fileOf(id), 'utf8')).split('\n').slice(0, -1);
    return lastEntries(entriesOf(lines), tail); // "follow" is left out here
  },
};

async function* entriesOf(lines: readonly string[]) {
  for (const text of lines) {
    const [, source = '', time = '', line = ''] = /^(\S+) (\S+) (.*)$/s.exec(text) ?? [];
    yield { source, timeNano: BigInt(time), line: Buffer.from(line) };
  }
}

await definePlugin({ name: 'lines', log, stateDirectory: `${directory}/.state` }).serve();
