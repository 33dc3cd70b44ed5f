/**
 * Runs one operation of the built engine and kills its own process before the n-th change that it makes to the host:
 * before a file is created, written, flushed, renamed or removed, and before a program is started.
 *
 * Its one argument is JSON: `{ dataRoot, execRoot, phase: "open" | "operation", killAt, operation, request }`. It
 * counts from the start of the phase, and prints the count once it has come through; then it kills itself all the same,
 * so that no orderly end tidies up.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { dataRoot, execRoot, phase, killAt, operation, request } = JSON.parse(process.argv[2]);
let isCounting = phase === 'open';
let count = 0;

/** Put a mine before each of some functions of an object. */
function mine(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = function (...args) {
      if (isCounting && ++count === killAt) process.kill(process.pid, 'SIGKILL');
      return original.apply(this, args);
    };
  }
}

const handle = await fs.promises.open('/dev/null');
mine(Object.getPrototypeOf(handle), ['chmod', 'sync', 'write', 'writeFile', 'writev']);
await handle.close();
mine(fs.promises, ['chmod', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'writeFile']);
mine(fs, ['renameSync']);
mine(childProcess, ['execFile', 'spawn']);
syncBuiltinESMExports();

// After the mines: modules take the functions as they are when they are loaded.
const { openPluginEngine } = await import('@outboard/engine');

const engine = await openPluginEngine({ dataRoot, execRoot });
if (phase === 'operation') {
  isCounting = true;
  await run();
}
fs.writeSync(1, String(count));
process.kill(process.pid, 'SIGKILL');

function run() {
  const { plugin, ...rest } = request;
  switch (operation) {
    case 'create':
      return engine.create({ ...rest, context: fs.createReadStream(rest.archive) });
    case 'pull':
    case 'upgrade':
      return engine[operation](request);
    case 'set':
      return engine.set(plugin, rest.args);
    default:
      return engine[operation](plugin, rest);
  }
}
