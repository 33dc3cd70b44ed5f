/**
 * The real parts of the demo, in one temporary directory: a registry, a daemon, two packed versions of a plugin.
 */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../debian-packages.mjs';
import { startServer } from './server-process.mjs';

/** @typedef {import('./processes.mjs').ProcessIdentity} ProcessIdentity */

/**
 * @typedef {object} Surroundings
 * @property {string} directory everything of the demo is below it
 * @property {string} dataRoot
 * @property {string} execRoot
 * @property {string} host address of the daemon, `unix:///...`
 * @property {string} gatewayDirectory sockets of the plugins, for consumers
 * @property {import('./podman.mjs').DemoPodman} [podman] absent before it was tried, and where it runs no containers
 * @property {string} registry `127.0.0.1:PORT`
 * @property {ProcessIdentity[]} servers in the order in which they are to be stopped
 */

/** Name of the file in the demo's directory that `--stop` reads. */
const stateFile = 'demo.json';

/** Make the directory. Nothing runs yet. @returns {Surroundings} */
export function createSurroundings() {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-demo-'));
  const at = (name) => join(directory, name);
  for (const name of ['registry', 'docker-config']) mkdirSync(at(name));
  return {
    directory,
    dataRoot: at('data'),
    execRoot: at('run'),
    host: `unix://${at('api.sock')}`,
    gatewayDirectory: at('gateway'),
    registry: '',
    servers: [],
  };
}

/** Save the processes for `--stop`. @param {Surroundings} surroundings */
export function saveSurroundings(surroundings) {
  writeFileSync(join(surroundings.directory, stateFile), JSON.stringify(surroundings), { mode: 0o600 });
}

/** Read the file of `saveSurroundings`. @param {string} directory @returns {Surroundings} */
export function loadSurroundings(directory) {
  return JSON.parse(readFileSync(join(directory, stateFile), 'utf8'));
}

/** Start a registry on a free port of the loopback interface. @param {Surroundings} surroundings */
export async function startRegistry(surroundings, signal) {
  const { directory } = surroundings;
  const config = join(directory, 'registry.json');
  // JSON is YAML. Port 0 lets the kernel choose a free one, which the registry then logs.
  const settings = {
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'registry') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  writeFileSync(config, JSON.stringify(settings));
  const { identity, match } = await startServer({
    command: [findProgram('docker-registry') ?? 'docker-registry', 'serve', config],
    logFile: join(directory, 'registry.log'),
    ready: /listening on (127\.0\.0\.1:\d+)/,
    signal,
  });
  surroundings.servers.push(identity);
  surroundings.registry = match[1];
}

/** Start the daemon. @param {Surroundings} surroundings @param {string} program path of `bin/outboard` */
export async function startDaemon(surroundings, program, signal) {
  const { dataRoot, execRoot, gatewayDirectory, host, registry, directory } = surroundings;
  // biome-ignore format: one option per line
  const options = [
    '--data-root', dataRoot,
    '--exec-root', execRoot,
    '--gateway-dir', gatewayDirectory,
    '--host', host,
    '--insecure-registry', registry,
    '--log-level', 'info',
  ];
  const { identity } = await startServer({
    command: [process.execPath, program, 'daemon', ...options],
    logFile: join(directory, 'daemon.log'),
    ready: /^outboard daemon ready/m,
    signal,
  });
  // Stopped first, because it uses the registry.
  surroundings.servers.unshift(identity);
}
