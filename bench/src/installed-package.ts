/**
 * The start of what people install: the package is built and unpacked, and its programs run from there.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchmarkOptions } from './benchmark-options.ts';
import { addFigure, type Figures, noTimings } from './figures.ts';
import { makeDirectories } from './make-directories.ts';
import { type EngineKind, type MeasuredEngine, outboard, timeStart } from './measured-engine.ts';
import { timed } from './plugin-work.ts';
import type { Measurement } from './report.ts';

/** Starts of a command are short: each run times several. */
const startsPerRun = 4;

const execute = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Time the daemon of the package without plugins, and its `outboard ls` beside `docker plugin ls`. */
export async function measurePackage(options: BenchmarkOptions): Promise<readonly Measurement[]> {
  const program = await installPackage(join(options.root, 'package'));
  const kinds = options.kinds.map((kind) => (kind.name === 'Outboard' ? packaged(program) : kind));
  const start = noTimings();
  const list: Figures = {};
  for (let run = 0; run < options.runs; run++) {
    const engines: MeasuredEngine[] = [];
    try {
      for (const kind of kinds) engines.push(await timeStart(start, kind, options));
      for (let count = 0; count < startsPerRun; count++) {
        for (const { kind, directory } of engines) {
          const [command = '', ...args] = listCommand(kind, program, `unix://${join(directory, 'api.sock')}`);
          addFigure(list, kind.name, await timed(() => execute(command, args)));
        }
      }
    } finally {
      for (const engine of engines) await engine.stop();
    }
  }
  options.onStep('the package');
  return [
    { work: 'package: daemon start to first answer', unit: 'ms', bar: { ratio: 1 }, ...start },
    { work: 'package: outboard ls, docker plugin ls', unit: 'ms', bar: { ratio: 2 }, figures: list },
  ];
}

/** @returns the path of `bin/outboard` */
async function installPackage(directory: string): Promise<string> {
  await makeDirectories(directory);
  const args = ['scripts/package.mjs', '--no-build', '--compression=1', `--output=${directory}`];
  const { stdout } = await execute(process.execPath, args, { cwd: repository });
  const archive = /\S+\.tar\.gz$/m.exec(stdout)?.[0];
  if (archive === undefined) throw new Error(`no tarball was made: ${stdout}`);
  await execute('tar', ['-C', directory, '--strip-components=1', '-xzf', archive]);
  return join(directory, 'bin', 'outboard');
}

function packaged(program: string): EngineKind {
  return { ...outboard, command: (...places) => [program, ...outboard.command(...places).slice(2)] };
}

function listCommand(kind: EngineKind, program: string, host: string): readonly string[] {
  return kind.name === 'Outboard' ? [program, '--host', host, 'ls'] : ['docker', '-H', host, 'plugin', 'ls'];
}
