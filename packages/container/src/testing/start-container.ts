/**
 * Starts one container, as a daemon that a test kills.
 * Usage: start-container EXEC_ROOT RUNTIME ID SPEC_JSON
 */
import pino from 'pino';
import { openConmonRuntime } from '../runtime/conmon-runtime.ts';

const [execRoot = '', runtimePath = '', id = '', spec = ''] = process.argv.slice(2);
const runtime = await openConmonRuntime({
  execRoot,
  runtime: runtimePath,
  logger: pino({ level: 'silent' }),
});
await runtime.start({ id, spec: JSON.parse(spec) as object });
