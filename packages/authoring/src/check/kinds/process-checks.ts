/**
 * Checks of the plugin's process: its return after a crash, its output, its memory. They come after the others.
 */
import { readFile } from 'node:fs/promises';
import { expect, skip } from '../session/check-failure.ts';
import type { CheckSession } from '../session/check-session.ts';
import { requireSuccess } from '../session/read-answer.ts';
import type { Check } from './check.ts';
import { callWithArguments } from './representative-call.ts';

const maxOutputBytes = 1024 * 1024;
const callsPerRound = 250;
const maxGrowthKiB = 16 * 1024;

/** Checks of the process. */
export const processChecks: readonly Check[] = [
  {
    code: 'process/memory',
    level: 'note',
    title: 'Memory does not keep growing over some hundred calls.',
    async run(session) {
      const [method, document] = callWithArguments(session);
      const sizes: number[] = [];
      // The first round fills caches and grows the heap of the language.
      for (let round = 0; round < 4; round += 1) {
        for (let count = 0; count < callsPerRound; count += 1) await session.call(method, document);
        sizes.push(await residentKiB(session));
      }
      const growth = (sizes.at(-1) ?? 0) - (sizes[1] ?? 0);
      const shown = sizes.map((size) => `${Math.round(size / 1024)} MiB`).join(', ');
      expect(growth < maxGrowthKiB, `memory after each ${callsPerRound} calls of ${method}: ${shown}`);
    },
  },
  {
    code: 'process/output',
    level: 'warning',
    title: 'The plugin writes no more than 1 MiB to its log during the checks.',
    async run(session) {
      let bytes = 0;
      for await (const lines of session.engine.logs.read(session.plugin.id, {}, session)) {
        for (const { content, skippedBytes = 0 } of lines) bytes += content.length + skippedBytes;
      }
      expect(bytes <= maxOutputBytes, `the plugin wrote ${Math.round(bytes / 1024)} KiB to its log`);
    },
  },
  {
    code: 'crash/restart',
    level: 'error',
    title: 'After it was killed the plugin starts again and answers.',
    async run(session) {
      await session.crash();
      requireSuccess(await session.call('Plugin.Activate'));
    },
  },
];

/** Memory of the plugin's first process. */
async function residentKiB(session: CheckSession): Promise<number> {
  try {
    const status = await readFile(`/proc/${session.pid()}/status`, 'utf8');
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return skip('the process has ended');
  }
}
