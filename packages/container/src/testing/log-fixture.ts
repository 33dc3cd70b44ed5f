/**
 * Logs in a directory of their own, written as conmon writes them.
 */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogLine } from '../logs/line-joiner.ts';

const time = '2026-01-31T12:00:00.000000000+00:00';

export interface LogFixture {
  readonly directory: string;
  /** Append records such as `stdout F text`, all with one time. */
  write(...records: readonly string[]): void;
  /** Begin the log anew, as conmon does at its size limit. */
  rotate(): void;
}

/** An empty directory that goes when the test ends. */
export function createLogFixture(test: TestContext): LogFixture {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-log-'));
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  const current = join(directory, 'log');
  return {
    directory,
    write(...records) {
      appendFileSync(current, records.map((record) => `${time} ${record}\n`).join(''));
    },
    rotate() {
      writeFileSync(`${current}.tmp`, '');
      renameSync(`${current}.tmp`, current);
    },
  };
}

/** Lines as `stream text`; `…` marks one that has not ended. */
export function showLines(lines: readonly LogLine[]): readonly string[] {
  return lines.map(({ stream, content, isComplete }) => `${stream} ${content}${isComplete ? '' : '…'}`);
}
