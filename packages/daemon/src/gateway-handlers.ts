/**
 * The handlers of the gateway's sockets over this process's engine.
 */
import type { RequestListener } from 'node:http';
import { systemClock } from '@outboard/async';
import type { PluginEngine, PluginReference, PluginReferences } from '@outboard/engine';
import {
  type CallLog,
  type CountedMounts,
  createOpenStreams,
  createPluginHandlers,
  type HandledPlugin,
  type OpenStreams,
  type PathView,
} from '@outboard/gateway';
import type { Logger } from 'pino';

/** Parts of the handlers. */
export interface GatewayHandlerDeps {
  readonly engine: Pick<PluginEngine, 'serving' | 'volumes' | 'logPipes' | 'references'>;
  /** Records every call. */
  readonly calls: Pick<CallLog, 'record' | 'watch'>;
  readonly logger: Logger;
  /** Shows volumes at other paths than the host's; absent: it does not. */
  readonly view?: PathView | undefined;
}

/** Make handlers. @returns makes the handler of a plugin; one that was disabled in the same moment refuses every call */
export function createGatewayHandlers(
  deps: GatewayHandlerDeps,
): (plugin: { readonly id: string; readonly name: string }) => RequestListener {
  const { calls, logger, view } = deps;
  const { serving, volumes, logPipes, references } = deps.engine;
  const streams = countedStreams(references);
  const handlerOf = createPluginHandlers({
    mounts: view === undefined ? volumes : viewedMounts(volumes, view),
    logPipes,
    streams,
    ready: (id, options) => serving.ready(id, options),
    onCall: (call) => calls.record(call),
    onGuard: (id, load) => calls.watch(id, load),
    clock: systemClock,
    logger,
  });
  return ({ id, name }) => {
    const plugin = serving.get(id);
    if (plugin !== undefined) return handlerOf(view === undefined ? plugin : viewedPlugin(plugin, view));
    return (_request, response) => {
      response.writeHead(503, { 'Content-Type': 'application/json' });
      response.end(`${JSON.stringify({ Err: `plugin ${name} is disabled` })}\n`);
    };
  };
}

/** The same mounts, answered with the paths of a view. The engine knows them by the paths of the host. */
function viewedMounts(volumes: CountedMounts, view: PathView): CountedMounts {
  return {
    async mount(volume, id, options) {
      const path = await volumes.mount(volume, id, options);
      try {
        return await view.show(options.driver, path);
      } catch (error) {
        await volumes.unmount(volume, id, options);
        throw error;
      }
    },
    unmount: (volume, id, options) => volumes.unmount(volume, id, options),
    removeBy: (volume, options, call) => volumes.removeBy(volume, options, call),
    async locate(driver, path, options) {
      const hostPath = await volumes.locate(driver, path, options);
      return hostPath === '' ? '' : view.show(driver.name, hostPath);
    },
    async locateAll(driver, paths, options) {
      const hostPaths = await volumes.locateAll(driver, paths, options);
      return await Promise.all(hostPaths.map((path) => path && view.show(driver.name, path)));
    },
  };
}

function viewedPlugin(plugin: HandledPlugin, view: PathView): HandledPlugin {
  const { driver } = plugin;
  return {
    ...plugin,
    driver: {
      ...driver,
      async toHostPaths(paths, options) {
        const results = await driver.toHostPaths(paths, options);
        return Promise.allSettled(
          results.map(async (result) => {
            if (result.status === 'rejected') throw result.reason;
            return result.value === '' ? '' : view.show(driver.name, result.value);
          }),
        );
      },
    },
  };
}

/** The open streams of each engine: handlers are made for several gateways of it, and count together. */
const streamsOfEngines = new WeakMap<PluginReferences, OpenStreams>();

function countedStreams(references: PluginReferences): OpenStreams {
  const known = streamsOfEngines.get(references);
  if (known !== undefined) return known;
  const streams = createOpenStreams();
  references.addSource((id) => streams.of(id).map(toReference));
  streamsOfEngines.set(references, streams);
  return streams;
}

/** Bound on a method's name, which consumers choose. */
const maxMethodLength = 200;

function toReference(stream: ReturnType<OpenStreams['of']>[number]): PluginReference {
  const { method, number, consumer, since } = stream;
  const holder = `${method.slice(0, maxMethodLength)}/${number}`;
  return { kind: 'stream', holder, consumer, since };
}
