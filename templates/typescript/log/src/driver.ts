/** Keeps the output of each container in a file of JSON lines, and gives it back. */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LogDriver, type LogEntry, lastEntries, PluginError } from '@outboard/sdk';

export function openDriver(root: string): LogDriver {
  /** Engines name containers by 64 hexadecimal digits: no name may leave the root. */
  const fileOf = (id: string): string => {
    if (!/^[0-9a-f]{64}$/.test(id)) throw new PluginError(`invalid container ID "${id}"`);
    return join(root, `${id}.jsonl`);
  };
  return {
    async openLog({ id, options }) {
      for (const [option] of options) throw new PluginError(`unknown log option "${option}": there are none`);
      await mkdir(root, { recursive: true });
      const file = await open(fileOf(id), 'a', 0o600);
      return {
        write: async (entry) => void (await file.write(encode(entry))),
        close: () => file.close(),
      };
    },
    async readLogs({ id }, { tail, follow }, { signal }) {
      if (follow) throw new PluginError('this log driver cannot follow a log');
      return lastEntries(readEntries(fileOf(id), signal), tail);
    },
  };
}

function encode({ source, timeNano, line }: LogEntry): string {
  const text = Buffer.from(line).toString('utf8');
  return `${JSON.stringify({ source, timeNano: String(timeNano), line: text })}\n`;
}

async function* readEntries(file: string, signal: AbortSignal): AsyncGenerator<LogEntry> {
  for await (const text of createInterface({ input: createReadStream(file, { signal }) })) {
    const { source, timeNano, line } = JSON.parse(text);
    yield { source, timeNano: BigInt(timeNano), line: Buffer.from(line) };
  }
}
