/**
 * Runs one command line against a recorded daemon, in this process.
 */
import { runCommandLine } from '../run-command-line.ts';
import {
  type Answer,
  type RecordedDaemon,
  type RecordedDaemonOptions,
  startRecordedDaemon,
} from './recorded-daemon.ts';
import { createTestHost, type TestHostOptions } from './test-host.ts';

/** A plugin in Docker's form. @param more replaces fields */
export const plugin = (name: string, more: object = {}) => ({
  Id: `${name.length}`.repeat(64).slice(0, 64),
  Name: name,
  Enabled: false,
  PluginReference: `docker.io/${name}`,
  Config: { Description: 'first line\nsecond line, and more than there is room for' },
  Settings: { Env: ['DEBUG=0'] },
  ...more,
});

/** Result of a command. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly daemon: RecordedDaemon;
}

/** Run one command against a daemon with these answers. */
export async function run(
  argv: readonly string[],
  answers: Readonly<Record<string, Answer>>,
  options: TestHostOptions & Pick<RecordedDaemonOptions, 'apiVersion'> = {},
): Promise<Outcome> {
  const daemon = await startRecordedDaemon({ answers, ...options });
  try {
    const host = createTestHost({ ...options, env: { OUTBOARD_HOST: daemon.address, ...options.env } });
    const code = await runCommandLine(argv, host);
    return { code, out: host.out(), err: host.err(), daemon };
  } finally {
    await daemon.close();
  }
}
