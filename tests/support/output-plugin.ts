/**
 * A plugin that writes to its stdout and stderr on request.
 */
import { createPluginClient } from '@outboard/protocol';
import { pluginArchive } from './plugin-archive.ts';
import { fixtureSocket } from './plugin-fixture.ts';

/**
 * `/Talk.Say` writes `Text` to the descriptor `To`; `/Talk.Flood` writes lines of `Bytes` to stdout for `Ms` and
 * returns their number; `/Talk.Die` ends the program at once. It writes `hello` when it starts.
 */
export const outputPluginScript = `
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
const write = (to, bytes) => { for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at); };
const flood = ({ Bytes, Ms, BytesPerSecond }) => {
  const started = performance.now();
  let lines = 0;
  for (;;) {
    const elapsed = performance.now() - started;
    if (elapsed >= Ms) return { Lines: lines };
    if (lines * Bytes > BytesPerSecond * elapsed / 1000) continue;
    let text = '';
    for (let i = 0; i < 500; i += 1) { lines += 1; text += String(lines).padEnd(Bytes - 1, '.') + '\\n'; }
    write(1, Buffer.from(text));
  }
};
const calls = {
  '/Talk.Say': ({ To, Text }) => { write(To, Buffer.from(Text, 'latin1')); return {}; },
  '/Talk.Flood': flood,
  '/Talk.Die': () => process.reallyExit(1),
};
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const call = calls[request.url] ?? (() => ({ Implements: ['VolumeDriver'] }));
  response.end(JSON.stringify(call(body === '' ? {} : JSON.parse(body))));
});
write(1, Buffer.from('hello\\n'));
server.listen('/run/docker/plugins/${fixtureSocket}');
process.on('SIGTERM', () => process.exit(0));
`;

/** The plugin's archive, as `plugin create` takes it. */
export function outputPluginArchive(): Buffer {
  return pluginArchive({ script: outputPluginScript });
}

/** Calls of an output plugin. */
export interface OutputCalls {
  /** Write one text, bytes given as Latin-1. */
  say(stream: 'stdout' | 'stderr', text: string): Promise<void>;
  /** Write numbered lines of a fixed length in bytes. @returns the number of the last one */
  flood(options: {
    readonly lineBytes: number;
    readonly ms: number;
    readonly bytesPerSecond: number;
  }): Promise<number>;
  /** End the plugin with exit code 1. */
  die(): Promise<void>;
}

/** @param socketPath of the plugin, on the host */
export function callOutputPlugin(socketPath: string): OutputCalls {
  const call = async (method: string, body: Readonly<Record<string, string | number>>) => {
    await using client = createPluginClient({ socketPath, timeoutMs: 60_000 });
    return await client.call(method, body);
  };
  return {
    async say(stream, text) {
      await call('Talk.Say', { To: stream === 'stdout' ? 1 : 2, Text: text });
    },
    async flood({ lineBytes, ms, bytesPerSecond }) {
      const reply = await call('Talk.Flood', { Bytes: lineBytes, Ms: ms, BytesPerSecond: bytesPerSecond });
      return Number(reply.raw('Lines'));
    },
    async die() {
      // The program ends without a response.
      await call('Talk.Die', {}).catch(() => {});
    },
  };
}
