/**
 * A directory that all test files of a run share, for what is made once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** That of the run; of a test file that runs alone, its own, gone when it ends. */
export function runDirectory(): string {
  process.env.OUTBOARD_TEST_RUN ??= ownDirectory();
  return process.env.OUTBOARD_TEST_RUN;
}

function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-run-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
