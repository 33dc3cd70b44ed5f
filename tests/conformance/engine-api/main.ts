/**
 * `npm run conformance`: the suite against a running engine, Outboard or Docker Engine.
 */
import { parseArgs } from 'node:util';
import { allCases } from './cases/all-cases.ts';
import { writeDifferences } from './differences-table.ts';
import { examineEngine } from './engine-under-test.ts';
import { foreignRegistry, startRegistries } from './registries.ts';
import { countOutcomes, formatCounts, formatResult } from './report.ts';
import type { CaseResult } from './run-case.ts';
import { countPlanned, runSuite } from './run-suite.ts';

const usage = `usage: npm run conformance -- --host unix:///PATH [--registry HOST:PORT] [--only PREFIX] [--json]

  --host        the engine; what runs on it stays, and nothing of the suite is left on it
  --registry    a registry without a password that suite and engine reach; default two of the suite's own on 127.0.0.1
  --only        only the cases whose id begins so, such as "pull."
  --json        print every result as JSON, in place of text
  --write-docs  run nothing: put the listed differences into docs/compatibility.md`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      registry: { type: 'string' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values['write-docs']) {
    await writeDifferences();
    return 0;
  }
  if (values.help || values.host === undefined) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const engine = await examineEngine(socketPath(values.host));
  const say = (text: string) => console.error(text);
  say(`${engine.product} ${engine.version}, API ${engine.apiVersion}, at ${values.host}`);
  say(`${allCases.length} cases, ${countPlanned(engine)} with their versions of the API`);
  say('to be created there, and removed again: plugins, and volumes of these, named conformance-<8 digits>…');
  await using registries =
    values.registry === undefined ? await startRegistries() : foreignRegistry(values.registry);
  const results: CaseResult[] = [];
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
  await runSuite(engine, registries, {
    only: values.only,
    signal: stopped.signal,
    onResult(result) {
      results.push(result);
      const text = formatResult(result);
      if (text !== undefined) say(text);
    },
  });
  if (results.length === 0) throw new Error(`--only ${values.only}: no case has an id that begins so`);
  const counts = countOutcomes(results);
  if (values.json) console.log(JSON.stringify({ engine, counts, results }, undefined, 2));
  else console.log(formatCounts(counts));
  if (stopped.signal.aborted) say('stopped before the end');
  return counts.failed === 0 && !stopped.signal.aborted ? 0 : 1;
}

function socketPath(host: string): string {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(host) ?? [];
  if (path === undefined) throw new Error(`--host ${host}: want unix:///PATH`);
  return path;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
