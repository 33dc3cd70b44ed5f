/**
 * Streams and environment of a command that is tested in this process.
 */
import { PassThrough, Writable } from 'node:stream';
import type { CommandHost } from '../command-host.ts';

/** A host whose output can be read back. */
export interface TestHost extends CommandHost {
  /** Everything on standard output so far. */
  out(): string;
  /** Everything on standard error so far. */
  err(): string;
}

export interface TestHostOptions {
  readonly env?: CommandHost['env'];
  /** What a person types, at a terminal; without it standard input is no terminal. */
  readonly typed?: string;
  /** Width of the terminal that standard output is; without it it is a pipe. */
  readonly columns?: number;
}

export function createTestHost({ env = {}, typed, columns }: TestHostOptions = {}): TestHost {
  const stdin = new PassThrough();
  stdin.end(typed ?? '');
  const out: string[] = [];
  const err: string[] = [];
  return {
    stdin: Object.assign(stdin, { isTTY: typed !== undefined }),
    stdout: Object.assign(collect(out), columns === undefined ? {} : { isTTY: true, columns, rows: 24 }),
    stderr: collect(err),
    // A test must not read the configuration of whoever runs it.
    env: { DOCKER_CONFIG: '/nonexistent', ...env },
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
