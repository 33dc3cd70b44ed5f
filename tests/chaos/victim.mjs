/**
 * Runs one operation of the built engine and kills its own process before the n-th change of the host: before a file is
 * created, written, flushed, renamed or removed, and before a program is started. The argument is JSON: `{ dataRoot,
 * execRoot, phase: "open" | "operation", killAt, operation, request, within }`. Counting begins with the phase, and is
 * limited to changes of paths that contain `within`, if that is given. After a complete run it prints the count and kills itself, so that no orderly shutdown cleans up.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { dataRoot, execRoot, phase, killAt, operation, request, within = '' } = JSON.parse(process.argv[2]);
let isCounting = phase === 'open';
let count = 0;

/** Wrap functions of an object so that they count and kill. */
function mine(object, names) {
  for (const name of names) {
    const original = object[name];
    object[name] = function (...args) {
      const isCounted = isCounting && String(args[0]).includes(within);
      if (isCounted && ++count === killAt) process.kill(process.pid, 'SIGKILL');
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

// Imported after the wrapping: modules bind functions when they are loaded.
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
    case 'adopt':
    case 'pull':
    case 'upgrade':
    case 'fsck':
      return engine[operation](request);
    case 'mount':
    case 'unmount':
      return engine.volumes[operation](request.volume, request.holder);
    case 'set':
      return engine.set(plugin, rest.args);
    default:
      return engine[operation](plugin, rest);
  }
}
