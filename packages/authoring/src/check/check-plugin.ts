/**
 * Checks a plugin: first what it is made of, then its behaviour in an engine of its own.
 */
import { type Cancellable, type Clock, systemClock } from '@outboard/async';
import { examinePlugin, servedCapabilities } from '@outboard/engine';
import { isOutboardError, OutboardError, type RegistriesConfiguration } from '@outboard/oci';
import { lifeChecks, runningChecks } from './check-table.ts';
import {
  type AskPrivileges,
  installSource,
  type PackDirectory,
  type PluginSource,
  readConfigOf,
  readInstalledPlugin,
  rootfsOf,
} from './plugin-source.ts';
import type { CheckReport, CheckResult } from './report/check-report.ts';
import { runChecks, skipped } from './run-checks.ts';
import { type CheckSelection, selectChecks } from './select-checks.ts';
import { type CheckSession, openCheckSession } from './session/check-session.ts';
import { openPrivateEngine, type PrivateEngine } from './session/private-engine.ts';
import { staticResults } from './static-results.ts';
import { findUnusedPrivileges } from './unused-privileges.ts';

/** Docker's attempts to connect to the socket: after 0.5 s, and three more every 3 s. */
const dockerStartMs = 9_500;
/** Docker's time between SIGTERM and SIGKILL. */
const dockerStopMs = 10_000;
const defaultTimeoutSeconds = 600;
/** Limit for the socket to accept connections. */
const startSeconds = 60;
/** The same for a start without one of the privileges. */
const trialSeconds = 15;

/** A plugin to check, and how. */
export interface CheckRequest extends CheckSelection, Cancellable {
  /** The plugin's name in the report. */
  readonly plugin: string;
  readonly source: PluginSource;
  readonly pack: PackDirectory;
  /** Default: nothing is started, and only what the plugin is made of is checked. */
  readonly ask?: AskPrivileges | undefined;
  /** As for `PluginEngine.set`. */
  readonly settings?: readonly string[] | undefined;
  /** Options of the volumes that are created, or of the containers that are logged. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** OCI runtime; default runc. */
  readonly runtime?: string | undefined;
  /** Mirrors, blocked and insecure hosts, certificates and proxies of registries; default none. */
  readonly registries?: RegistriesConfiguration | undefined;
  /** Limit for all checks; default 600. */
  readonly timeoutSeconds?: number | undefined;
  /** Called for each result, in the order of the report. */
  readonly onResult?: ((result: CheckResult) => void) | undefined;
}

/** Parts that a run takes. */
export interface CheckDeps {
  /** Measures starts, stops and the time for all checks. */
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** A run under way. */
interface Run extends CheckRequest {
  readonly isSelected: (code: string) => boolean;
  readonly add: (...results: readonly CheckResult[]) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Check a plugin. Nothing is left of it on the host, also when the signal aborts the checks.
 * @throws {OutboardError} invalid for a directory without a plugin, a bad setting or an unknown code; forbidden when the
 *   privileges are refused; the registry's errors; the reason of the signal
 */
export async function checkPlugin(
  request: CheckRequest,
  { clock }: CheckDeps = { clock: systemClock },
): Promise<CheckReport> {
  const results: CheckResult[] = [];
  const add: Run['add'] = (...made) => {
    for (const result of made) {
      results.push(result);
      request.onResult?.(result);
    }
  };
  const run: Run = { ...request, isSelected: selectChecks(request), add, clock };
  const { source } = request;
  const kinds =
    source.kind === 'directory' ? await checkDirectory(run, source.directory) : await checkReference(run);
  return { plugin: request.plugin, kinds, results };
}

async function checkDirectory(run: Run, directory: string): Promise<readonly string[]> {
  const [config, rootfs] = [await readConfigOf(directory), await rootfsOf(directory)];
  const examined = await examinePlugin({ config, rootfs });
  run.add(...staticResults(examined.findings, run.isSelected));
  if (run.ask !== undefined) {
    const refusal = examined.findings.find(
      ({ severity }) => severity === 'refused' || severity === 'mistake',
    );
    const flaw = examined.findings.find(
      ({ code }) => code.startsWith('rootfs/') || code === 'config/entrypoint',
    );
    const fault = refusal ?? (flaw?.severity === 'flaw' ? flaw : undefined);
    if (fault === undefined) await checkRunning(run);
    else skipRunning(run, `the plugin cannot start: ${fault.message}`);
  }
  return examined.config === undefined ? [] : servedCapabilities(examined.config);
}

async function checkReference(run: Run): Promise<readonly string[]> {
  if (run.ask === undefined)
    throw new OutboardError('invalid', 'a plugin of a registry cannot be checked without root');
  return await checkRunning(run);
}

function skipRunning(run: Run, reason: string): void {
  for (const { code, level, title } of [
    lifeChecks.ready,
    ...runningChecks.filter(({ kind }) => kind === undefined),
  ]) {
    if (run.isSelected(code)) run.add({ code, level, title, ...skipped(reason), elapsedMs: 0 });
  }
}

/** Install the plugin in an engine of its own, and check it there. @returns its kinds */
async function checkRunning(run: Run): Promise<readonly string[]> {
  const { runtime, registries } = run;
  await using home = await openPrivateEngine({ runtime, registries });
  const { engine, dataRoot } = home;
  const { ask = async () => false, signal } = run;
  const id = await installSource({ engine, pack: run.pack }, run.source, {
    name: 'check/plugin',
    ask,
    signal,
  });
  if (id === undefined)
    throw new OutboardError('forbidden', `permission denied while checking plugin ${run.plugin}`);
  if (run.source.kind === 'reference') {
    const { findings } = await examinePlugin(await readInstalledPlugin(dataRoot, id));
    run.add(...staticResults(findings, run.isSelected));
  }
  if (run.settings !== undefined && run.settings.length > 0) await engine.set(id, run.settings);
  await checkLife(run, home, id);
  return servedCapabilities(engine.inspect(id).config);
}

async function checkLife(run: Run, home: PrivateEngine, id: string): Promise<void> {
  const { engine } = home;
  const { signal = new AbortController().signal, options = {}, timeoutSeconds = defaultTimeoutSeconds } = run;
  const endsAtMs = run.clock.monotonicMs() + timeoutSeconds * 1000;
  if (!(await start(run, home, id))) return;
  const session = await openCheckSession({ engine, plugin: engine.inspect(id), options, signal });
  const { isSelected, clock, add } = run;
  await runChecks(session, {
    isSelected,
    clock,
    endsAtMs,
    onResult: add,
  });
  await stop(run, home, id);
  if (isSelected(lifeChecks.privilege.code)) {
    await tryPrivileges(run, { session, home, isOver: clock.monotonicMs() > endsAtMs });
  }
}

async function tryPrivileges(
  { clock, pack, settings = [], add }: Run,
  {
    session,
    home,
    isOver,
  }: { readonly session: CheckSession; readonly home: PrivateEngine; readonly isOver: boolean },
): Promise<void> {
  const startedAtMs = clock.monotonicMs();
  const trial = { session, home, pack, settings, timeoutSeconds: trialSeconds };
  const unused = isOver ? undefined : await findUnusedPrivileges(trial);
  const reason = isOver
    ? 'the time for all checks is over'
    : 'the plugin does not work again with all its privileges';
  const outcome =
    unused === undefined
      ? skipped(reason)
      : ({ status: unused.length === 0 ? 'pass' : 'finding', messages: unused } as const);
  add({ ...lifeChecks.privilege, ...outcome, elapsedMs: clock.monotonicMs() - startedAtMs });
}

/** Start the plugin. @returns false when it does not start */
async function start(run: Run, { engine }: PrivateEngine, id: string): Promise<boolean> {
  const startedAtMs = run.clock.monotonicMs();
  const since = () => run.clock.monotonicMs() - startedAtMs;
  try {
    await engine.enable(id, { timeoutSeconds: startSeconds, signal: run.signal });
  } catch (error) {
    run.signal?.throwIfAborted();
    if (!isOutboardError(error)) throw error;
    run.add({ ...lifeChecks.ready, status: 'finding', messages: [error.message], elapsedMs: since() });
    return false;
  }
  const elapsedMs = since();
  if (run.isSelected(lifeChecks.ready.code)) {
    run.add({ ...lifeChecks.ready, status: 'pass', messages: [], elapsedMs });
  }
  if (run.isSelected(lifeChecks.late.code)) {
    const messages =
      elapsedMs <= dockerStartMs ? [] : [`the socket accepted a connection after ${seconds(elapsedMs)}`];
    run.add({ ...lifeChecks.late, status: messages.length === 0 ? 'pass' : 'finding', messages, elapsedMs });
  }
  return true;
}

async function stop(run: Run, { engine }: PrivateEngine, id: string): Promise<void> {
  const stoppedAtMs = run.clock.monotonicMs();
  await engine.disable(id, { force: true });
  const elapsedMs = run.clock.monotonicMs() - stoppedAtMs;
  if (!run.isSelected(lifeChecks.stop.code)) return;
  const messages =
    elapsedMs < dockerStopMs
      ? []
      : [`the plugin was killed: it did not end ${seconds(dockerStopMs)} after SIGTERM`];
  run.add({ ...lifeChecks.stop, status: messages.length === 0 ? 'pass' : 'finding', messages, elapsedMs });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
