/**
 * Opens an engine: the composition root of the package. It wires parts and holds no logic; each operation is one file in
 * `operations/`.
 */

import { acquireAll, createOperationScope, DisposalStack } from '@outboard/async';
import { lockDirectory, setCloseOnExecOfInherited } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { type Logger, pino } from 'pino';
import { checkEngineOptions } from './check-engine-options.ts';
import { createEngineOperations } from './engine-operations.ts';
import { openEngineParts } from './open-engine-parts.ts';
import { endOrphanedExecs, findOrphanedExecs } from './operations/insight/orphaned-execs.ts';
import { createOperationRunner } from './operations/run-operation.ts';
import type { PluginEngine } from './plugin-engine.ts';
import type { PluginEngineOptions } from './plugin-engine-options.ts';
import { scopedReferences } from './references/scoped-references.ts';
import { type DataLayoutOptions, migrateLayout, requireKnownLayout } from './store/data-layout.ts';
import { openRoots, type Roots } from './store/open-roots.ts';
import { scopedVolumes } from './volumes/scoped-volumes.ts';

/**
 * Open an engine: finish or undo what a crash left, take back plugins that still run, start those that should run.
 * When opening fails, everything that was opened is closed.
 * @throws {OutboardError} conflict when another engine uses the data root, or a newer version wrote it (code
 *   `newer-data-root`); invalid for wrong options, before
 *   anything is made on disk
 */
export async function openPluginEngine(given: PluginEngineOptions): Promise<PluginEngine> {
  const logger = given.logger ?? pino({ level: 'silent' });
  checkEngineOptions(given, logger);
  setCloseOnExecOfInherited();
  await requireKnownLayout(layoutOptions(given));
  const roots = await openRoots(given, logger);
  return acquireAll(
    (stack) => openEngine({ ...given, ...roots, logger }, stack),
    (error) => logger.error({ err: error }, 'cannot close a part of an engine that could not be opened'),
  );
}

/**
 * Open an engine below roots that are real paths.
 * @param stack receives the end of every part; a successful engine takes all of them
 */
export async function openEngine(
  options: PluginEngineOptions & Roots & { readonly logger: Logger },
  stack: DisposalStack,
): Promise<PluginEngine> {
  const { logger, observer } = options;
  stack.adopt(await lockDirectory(options.dataRoot, options.hosts), (lock) => lock.release());
  await migrateLayout(layoutOptions(options), logger);
  const { parts, policy, logPipes, volumes, logs } = await openEngineParts(options, stack);
  const { store, supervisor } = parts;
  await options.metricsSocket?.listen();
  const scope = createOperationScope(shuttingDown);
  stack.defer(() => scope.close());
  const context = {
    ...parts,
    scope,
    inBackground: (work: (signal: AbortSignal) => Promise<void>) => {
      scope.run(work).catch((error: unknown) => logger.warn({ err: error }, 'background work has ended'));
    },
  };
  const run = createOperationRunner({ scope, store, observer, logger });
  const owned = new DisposalStack();
  const close = () => owned.disposeAsync();
  const engine: PluginEngine = {
    ...createEngineOperations(context, run),
    drivers: parts.drivers,
    serving: parts.serving,
    references: scopedReferences(parts.references, scope),
    volumes: scopedVolumes(volumes, scope),
    logs,
    logPipes,
    policy,
    onEvent: parts.onEvent,
    close,
    [Symbol.asyncDispose]: close,
  };
  await options.gateway?.open(engine);
  await supervisor.restore(
    store.all().filter((record) => record.enabled),
    new Set(store.damaged().map(({ id }) => id)),
  );
  const orphans = await findOrphanedExecs(parts);
  context.inBackground(() => endOrphanedExecs(context, orphans));
  context.inBackground((signal) => volumes.abandoned.watch(signal));
  owned.use(stack.move());
  return engine;
}

function layoutOptions({ dataRoot, userAgent = 'outboard' }: PluginEngineOptions): DataLayoutOptions {
  return { dataRoot, program: userAgent };
}

function shuttingDown(): OutboardError {
  return new OutboardError('unavailable', 'the plugin system shuts down');
}
