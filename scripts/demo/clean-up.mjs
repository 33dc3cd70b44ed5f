/**
 * Ends everything that the demo started, in order, after any number of its steps.
 */
import { rmSync } from 'node:fs';
import { endConsumer } from './consumer.mjs';
import { callSocket } from './http-call.mjs';
import { findLeftovers } from './leftovers.mjs';
import { stopProcess } from './processes.mjs';

/** Upper bound for an answer of the daemon during the clean-up, in milliseconds. */
const callTimeoutMs = 30_000;

/**
 * Remove the plugins, stop the servers, delete the directory, and search for leftovers.
 *
 * @param {import('./surroundings.mjs').Surroundings} surroundings
 * @param {Set<string>} ids IDs of the demo's plugins
 * @returns {Promise<readonly string[]>} leftovers, one line each
 */
export async function cleanUp(surroundings, ids) {
  const troubles = [];
  // Containers hold volumes, and with them the plugin.
  await endConsumer(surroundings).catch((error) => troubles.push(error));
  if (surroundings.servers.length > 0) {
    // The daemon leaves plugins running when it stops, so they are removed first.
    await removePlugins(surroundings, ids).catch((error) => troubles.push(error));
  }
  for (const server of surroundings.servers) await stopProcess(server);
  const { directory } = surroundings;
  // Not below a live mount: that would delete the mounted files.
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
