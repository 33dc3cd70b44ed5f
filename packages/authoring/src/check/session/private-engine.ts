/**
 * An engine of its own for one run of checks, in a temporary directory: no plugin, socket or setting of the host's daemon is
 * used, and nothing is left of it.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromCallback } from '@outboard/async';
import {
  type MetricsSocket,
  openPluginEngine,
  type PluginEngine,
  type PluginEngineOptions,
} from '@outboard/engine';

/** An engine with its directories. */
export interface PrivateEngine extends AsyncDisposable {
  readonly engine: PluginEngine;
  readonly dataRoot: string;
  /** An empty directory for the caller's files. */
  readonly workDirectory: string;
}

/**
 * Open an engine.
 * @param options default: runc, and registries with TLS
 * @throws {OutboardError} when the host lacks what an engine needs
 */
export async function openPrivateEngine(
  options: Pick<PluginEngineOptions, 'registries' | 'runtime'> = {},
): Promise<PrivateEngine> {
  const root = await mkdtemp(join(tmpdir(), 'outboard-check-'));
  const metrics = createMetricsSocket(join(root, 'metrics.sock'));
  const removeAll = async () => {
    await metrics.close();
    await rm(root, { recursive: true, force: true });
  };
  try {
    const dataRoot = join(root, 'data');
    const engine = await openPluginEngine({
      dataRoot,
      execRoot: join(root, 'exec'),
      ...options,
      liveRestore: false,
      // A plugin that was killed on purpose comes back at once.
      backOff: { initialMs: 10, maxMs: 1000 },
      legacyDirectories: { sockets: join(root, 'none'), specs: [] },
      metricsSocket: metrics.socket,
      bridge: { name: `obc${randomBytes(4).toString('hex')}`, subnet: `10.87.${randomInt(100, 250)}.0/28` },
    });
    return {
      engine,
      dataRoot,
      workDirectory: root,
      async [Symbol.asyncDispose]() {
        try {
          for (const plugin of engine.list()) await engine.remove(plugin.id, { force: true });
          await engine.close();
        } finally {
          await removeAll();
        }
      },
    };
  } catch (error) {
    await removeAll();
    throw error;
  }
}

/** The metrics of an engine, for collectors: one counter. */
function createMetricsSocket(path: string): { readonly socket: MetricsSocket; close(): Promise<void> } {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end('# TYPE engine_daemon_checks_total counter\nengine_daemon_checks_total 1\n');
  });
  return {
    socket: {
      path,
      listen: () => fromCallback<void>((done) => void server.listen(path, () => done(undefined))),
    },
    async close() {
      server.closeAllConnections();
      if (server.listening) await fromCallback<void>((done) => void server.close(() => done(undefined)));
    },
  };
}
