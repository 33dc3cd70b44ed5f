/**
 * The real parts of the demo, in one temporary folder: a registry, a daemon, two packed versions of a plugin.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../debian-packages.mjs';
import { startServer } from './server-process.mjs';

/** @typedef {import('./processes.mjs').ProcessIdentity} ProcessIdentity */

/**
 * @typedef {object} Surroundings
 * @property {string} folder everything of the demo is below it
 * @property {string} dataRoot
 * @property {string} execRoot
 * @property {string} host address of the daemon, `unix:///...`
 * @property {string} registry `127.0.0.1:PORT`
 * @property {ProcessIdentity[]} servers in the order in which they are to be stopped
 */

/** Name of the file in the demo's folder that `--stop` reads. */
const STATE_FILE = 'demo.json';

/** Make the folder. Nothing runs yet. @returns {Surroundings} */
export function createSurroundings() {
  const folder = mkdtempSync(join(tmpdir(), 'outboard-demo-'));
  const at = (name) => join(folder, name);
  for (const name of ['registry', 'docker-config']) mkdirSync(at(name));
  return {
    folder,
    dataRoot: at('data'),
    execRoot: at('run'),
    host: `unix://${at('api.sock')}`,
    registry: '',
    servers: [],
  };
}

/** Remember what runs, for `--stop`. @param {Surroundings} surroundings */
export function saveSurroundings(surroundings) {
  writeFileSync(join(surroundings.folder, STATE_FILE), JSON.stringify(surroundings), { mode: 0o600 });
}

/** @param {string} folder @returns {Surroundings} what `saveSurroundings` wrote */
export function loadSurroundings(folder) {
  return JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8'));
}

/** Start a registry on a free port of the loopback interface. @param {Surroundings} surroundings */
export async function startRegistry(surroundings, signal) {
  const { folder } = surroundings;
  const config = join(folder, 'registry.json');
  // JSON is YAML. Port 0 lets the kernel choose a free one, which the registry then tells.
  const settings = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'registry') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  writeFileSync(config, JSON.stringify(settings));
  const { identity, match } = await startServer({
    command: [findProgram('docker-registry') ?? 'docker-registry', 'serve', config],
    logFile: join(folder, 'registry.log'),
    ready: /listening on (127\.0\.0\.1:\d+)/,
    signal,
  });
  surroundings.servers.push(identity);
  surroundings.registry = match[1];
}

/** Start the daemon. @param {Surroundings} surroundings @param {string} program path of `bin/outboard` */
export async function startDaemon(surroundings, program, signal) {
  const { dataRoot, execRoot, host, registry, folder } = surroundings;
  // biome-ignore format: one option per line
  const options = [
    '--data-root', dataRoot,
    '--exec-root', execRoot,
    '--host', host,
    '--insecure-registry', registry,
    '--log-level', 'info',
  ];
  const { identity } = await startServer({
    command: [process.execPath, program, 'daemon', ...options],
    logFile: join(folder, 'daemon.log'),
    ready: /^outboard daemon ready/m,
    signal,
  });
  // First to be stopped: it uses the registry.
  surroundings.servers.unshift(identity);
}
