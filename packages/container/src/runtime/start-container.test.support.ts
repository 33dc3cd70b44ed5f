/**
 * A daemon of one container, to be killed: starts what its arguments say.
 * Usage: start-container EXEC_ROOT RUNTIME ID SPEC_JSON
 */
import pino from 'pino';
import { openContainerRuntime } from './container-runtime.ts';

const [execRoot = '', runtimePath = '', id = '', spec = ''] = process.argv.slice(2);
const runtime = await openContainerRuntime({
  execRoot,
  runtime: runtimePath,
  logger: pino({ level: 'silent' }),
});
await runtime.start({ id, spec: JSON.parse(spec) as object });
