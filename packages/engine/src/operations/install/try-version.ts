/**
 * The trial of a version that is to take the place of another: it must start, do the work before its first call, and go on
 * running for a moment. No call of others reaches it meanwhile.
 */
import { type Cancellable, joinSignals, resolveOnAbort, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { toError } from '../../supervise/plugin-failure.ts';
import { hasProcess, type Supervisor } from '../../supervise/supervisor.ts';
import type { EngineContext } from '../engine-context.ts';

/** Bounds of a trial. */
export interface TrialOptions {
  /** For the socket to accept connections, in seconds; 0 or absent: as the plugin was enabled, or 30 s. */
  readonly timeoutSeconds?: number | undefined;
  /** During which it must not end after its socket accepted, in milliseconds; default 2,000. */
  readonly probationMs?: number | undefined;
}

const defaultProbationMs = 2_000;

/**
 * Start a version and watch it. The gate must be closed.
 * @throws {OutboardError} system with exit code and last log lines when it does not start or ends during its probation; the
 *   error of the work before its first call; the signal's reason. It may still run then.
 */
export async function tryVersion(
  { supervisor, gates }: Pick<EngineContext, 'supervisor' | 'gates'>,
  record: PluginRecord,
  options: TrialOptions & Cancellable,
): Promise<void> {
  const { probationMs = defaultProbationMs, signal } = options;
  const limit = (options.timeoutSeconds ?? 0) > 0 ? options.timeoutSeconds : record.timeoutSeconds;
  const timeoutMs = limit !== undefined && limit > 0 ? limit * 1000 : undefined;
  await supervisor.restart(record, { timeoutMs, signal });
  const ended = withResolvers<void>();
  const stopListening = supervisor.onChange((id, state) => {
    if (id === record.id && !hasProcess(state)) ended.resolve();
  });
  try {
    using probation = joinSignals([signal], { timeoutMs: probationMs });
    await gates.prepared(record.id, { signal });
    if (runs(supervisor, record)) await resolveOnAbort(ended.promise, probation.signal);
    signal?.throwIfAborted();
    if (!runs(supervisor, record)) throw await endOf(supervisor, record);
  } catch (error) {
    throw runs(supervisor, record) || signal?.aborted === true ? error : await endOf(supervisor, record);
  } finally {
    stopListening();
  }
}

function runs(supervisor: Pick<Supervisor, 'state'>, { id }: Pick<PluginRecord, 'id'>): boolean {
  return hasProcess(supervisor.state(id));
}

/** The error of a version that has ended by itself. */
async function endOf(
  supervisor: Pick<Supervisor, 'lastFailure'>,
  { id, name }: Pick<PluginRecord, 'id' | 'name'>,
): Promise<OutboardError> {
  const failure = await supervisor.lastFailure(id);
  return failure === undefined
    ? new OutboardError('system', `plugin ${name} has ended`, { code: 'plugin-exited' })
    : toError(failure);
}
