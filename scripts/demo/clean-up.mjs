/**
 * Ending everything that the demo started, in order, however far it came.
 */
import { rmSync } from 'node:fs';
import { callSocket } from './http-call.mjs';
import { findLeftovers } from './leftovers.mjs';
import { stopProcess } from './processes.mjs';

/** How long the daemon may take to answer while all is being ended, in milliseconds. */
const callTimeoutMs = 30_000;

/**
 * Remove the plugins, stop the servers, delete the directory, and look for what is left.
 *
 * @param {import('./surroundings.mjs').Surroundings} surroundings
 * @param {Set<string>} ids the plugins that there were
 * @returns {Promise<readonly string[]>} what is left behind, one line each
 */
export async function cleanUp(surroundings, ids) {
  const troubles = [];
  if (surroundings.servers.length > 0) {
    // The daemon lets plugins run on when it stops, so they go first.
    await removePlugins(surroundings, ids).catch((error) => troubles.push(error));
  }
  for (const server of surroundings.servers) await stopProcess(server);
  const { directory } = surroundings;
  // Not below a live mount: that would erase what is mounted.
  const mounts = findLeftovers({ directory, ids }).filter((line) => line.startsWith('mount '));
  if (mounts.length === 0) rmSync(directory, { recursive: true });
  const leftovers = findLeftovers({ directory, ids });
  return leftovers.length === 0
    ? []
    : [...leftovers, ...troubles.map((error) => `because: ${error.message}`)];
}

async function removePlugins(surroundings, ids) {
  const call = (method, path) => {
    const signal = AbortSignal.timeout(callTimeoutMs);
    return callSocket({ socketPath: surroundings.host.slice('unix://'.length), method, path, signal });
  };
  for (const { Id: id } of await call('GET', '/plugins')) {
    ids.add(id);
    await call('DELETE', `/plugins/${id}?force=1`);
  }
}
