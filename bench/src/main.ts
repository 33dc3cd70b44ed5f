/**
 * `npm run bench`: measures Outboard, and Docker Engine beside it when `dockerd` is installed.
 */
import { execFileSync } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runBenchmark } from './benchmark.ts';
import { type BenchmarkGroup, benchmarkGroups } from './benchmark-options.ts';
import { cleanUp, exitAfterError, interruptible } from './interruption.ts';
import { docker, MeasuredEngine, outboard, removeGroups } from './measured-engine.ts';
import { memoryDirectory } from './memory-directory.ts';
import { type FixtureName, makeFixtures } from './plugin-fixtures.ts';
import { startRegistry } from './registry.ts';
import { formatTable, type Measurement, summarise } from './report.ts';

const usage = `usage: npm run bench -- [--with-docker] [--runs N] [--only GROUP[,GROUP]] [--json FILE]

  --with-docker  install Docker Engine (Debian's docker.io, not started as a service) and measure it side by side
  --runs N       how often each piece of work is timed; default 5
  --only GROUPS  measure less: ${benchmarkGroups.join(', ')}
  --json FILE    also write all figures to FILE`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'with-docker': { type: 'boolean', default: false },
      runs: { type: 'string', default: '5' },
      only: { type: 'string', default: benchmarkGroups.join(',') },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs ${values.runs}: want a whole number of 1 or more`);
  const groups = values.only.split(',').map(parseGroup);
  if (process.getuid?.() !== 0) throw new Error('the benchmark starts containers: run it as root');
  if (values['with-docker'] && !(await isInstalled('dockerd'))) installDocker();
  const hasDocker = await isInstalled('dockerd');

  const root = await mkdtemp(join(await memoryDirectory(), 'outboard-bench-'));
  const registry = await startRegistry(join(root, 'registry'));
  const kinds = hasDocker ? [docker, outboard] : [outboard];
  try {
    console.error('making the plugins that are measured …');
    const fixtures = await makeFixtures(join(root, 'fixtures'), fixturesOf(groups));
    const onStep = (text: string) => console.error(`measured: ${text}`);
    const onMeasured = (done: readonly Measurement[]) => console.error(`\n${formatTable(done)}\n`);
    const options = { kinds, root, registry, fixtures, runs, groups, onStep, onMeasured };
    const measurements = await interruptible((signal) => {
      signal.addEventListener('abort', () => MeasuredEngine.refuseRequests(signal.reason));
      return runBenchmark(options);
    });
    console.log(`\n${formatTable(measurements)}\n\nmedians of ${runs}; data roots on tmpfs`);
    if (!hasDocker)
      console.log(
        'Docker Engine is not installed; `npm run bench -- --with-docker` installs and measures it too',
      );
    if (values.json !== undefined)
      await writeFile(values.json, `${JSON.stringify(summarise(measurements), null, 2)}\n`);
  } finally {
    await cleanUp(async () => {
      await MeasuredEngine.stopAll();
      await removeGroups(root, kinds);
      await registry.stop();
      await rm(root, { recursive: true, force: true });
    });
  }
}

/** The plugins that the groups need. */
function fixturesOf(groups: readonly BenchmarkGroup[]): ReadonlySet<FixtureName> {
  const needed: Readonly<Record<BenchmarkGroup, readonly FixtureName[]>> = {
    start: [],
    package: [],
    restart: ['light'],
    life: ['big', 'light'],
    files: ['many'],
    push: ['big'],
    layers: [],
    huge: ['huge'],
    memory: ['light'],
    list: [],
    gateway: ['answering'],
  };
  return new Set(groups.flatMap((group) => needed[group]));
}

function parseGroup(text: string): BenchmarkGroup {
  const group = benchmarkGroups.find((name) => name === text);
  if (group === undefined) throw new Error(`--only ${text}: want one of ${benchmarkGroups.join(', ')}`);
  return group;
}

async function isInstalled(program: string): Promise<boolean> {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  const found = await Promise.allSettled(directories.map((directory) => access(join(directory, program))));
  return found.some(({ status }) => status === 'fulfilled');
}

/** Installs the package without starting its service. */
function installDocker(): void {
  const options = {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  } as const;
  execFileSync('apt-get', ['update', '-q'], options);
  execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'docker.io'], options);
}

main().catch(exitAfterError);
