/**
 * Lines of calls in memory, in place of those on disk.
 */
import { type LogLine, OutboardError, type PluginCallLines } from '@outboard/engine';

/** Keeps lines of these plugins until the test ends. @param ids known plugins */
export function createMemoryLines(ids: readonly string[]): PluginCallLines {
  const kept = new Map(ids.map((id) => [id, [] as LogLine[]]));
  return {
    append(id, timeNano, line) {
      kept.get(id)?.push({ stream: 'stdout', timeNano, content: Buffer.from(line), isComplete: true });
    },
    read(id, { tail, sinceNano = 0n, untilNano } = {}) {
      const lines = kept.get(id);
      if (lines === undefined) throw new OutboardError('not-found', `plugin "${id}" not found`);
      return batches(
        lines
          .slice(tail === undefined ? 0 : Math.max(0, lines.length - tail))
          .filter(
            ({ timeNano }) => timeNano >= sinceNano && (untilNano === undefined || timeNano <= untilNano),
          ),
      );
    },
  };
}

async function* batches(lines: readonly LogLine[]): AsyncGenerator<readonly LogLine[]> {
  for (let start = 0; start < lines.length; start += 2) yield lines.slice(start, start + 2);
}
