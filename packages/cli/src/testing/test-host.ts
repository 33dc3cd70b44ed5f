/**
 * Streams and environment for tests of commands in this process.
 */
import { PassThrough, Writable } from 'node:stream';
import type { CommandHost } from '../command-host.ts';

/** A host that records output. */
export interface TestHost extends CommandHost {
  /** Standard output so far. */
  out(): string;
  /** Standard error so far. */
  err(): string;
}

/** Environment and terminals of a test. */
export interface TestHostOptions {
  readonly env?: CommandHost['env'] | undefined;
  /** Input of a terminal; if absent, standard input is not a terminal. */
  readonly typed?: string | undefined;
  /** Standard input that is not a terminal; default empty. */
  readonly input?: string | undefined;
  /** Width of the terminal on standard output; if absent, it is a pipe. */
  readonly columns?: number | undefined;
}

/** Make a host for a test. */
export function createTestHost({ env = {}, typed, input, columns }: TestHostOptions = {}): TestHost {
  const stdin = new PassThrough();
  stdin.end(typed ?? input ?? '');
  const out: string[] = [];
  const err: string[] = [];
  return {
    stdin: Object.assign(stdin, { isTTY: typed !== undefined }),
    stdout: Object.assign(collect(out), columns === undefined ? {} : { isTTY: true, columns, rows: 24 }),
    stderr: collect(err),
    // A test must not read the configuration of the user who runs it.
    env: {
      DOCKER_CONFIG: '/nonexistent',
      XDG_RUNTIME_DIR: '/nonexistent',
      XDG_CONFIG_HOME: '/nonexistent',
      ...env,
    },
    out: () => out.join(''),
    err: () => err.join(''),
  };
}

function collect(into: string[]): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      into.push(String(chunk));
      done();
    },
  });
}
