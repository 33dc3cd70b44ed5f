/**
 * Connections with their files: a change computes all files that there must be, compares them with the disk, and makes the
 * difference. The record is written before the first file and after the last one, so that after a crash at any instant
 * Outboard knows which files are its own.
 */
import { type Cancellable, createListeners, createSerialQueue } from '@outboard/async';
import { digestOf, OutboardError } from '@outboard/oci';
import type { Logger } from 'pino';
import { applyChanges, foreseeChanges, removeDirectories } from './apply-changes.ts';
import { clearUnfinished } from './clear-unfinished.ts';
import { describeTarget, keyOf } from './connection-key.ts';
import type { ConnectablePlugin, ConnectOptions, ConsumerKind, ExaminedConsumer } from './consumer-kind.ts';
import {
  type Connection,
  type ConsumerRecord,
  consumerRecordFile,
  emptyRecord,
  type WrittenFile,
} from './consumer-record.ts';
import type { ChangeOptions, ConsumerReport, Consumers } from './consumers.ts';
import { compareUnwanted, compareWanted, type FileChange, type WantedFile } from './file-changes.ts';

/** Parts of connections. */
export interface ConsumersDeps {
  readonly kinds: readonly ConsumerKind[];
  /** Path of the record. */
  readonly recordPath: string;
  /** The plugins that have a socket. */
  readonly connectable: () => readonly ConnectablePlugin[];
  /** IDs of all installed plugins: the files of one that is disabled stay. */
  readonly installed: () => readonly string[];
  /** Call a listener after plugins or their sockets changed. @returns removes the listener */
  readonly onChange: (listener: () => void) => () => void;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Results of a change. */
interface Settled {
  readonly record: ConsumerRecord;
  readonly report: Pick<ConsumerReport, 'files' | 'notes'>;
}

/**
 * Open the connections of a data root. Their files are brought in line with the plugins in the background, now and after
 * each change. A record that cannot be read is logged and counts as none: to connect again adopts the files that are there.
 */
export async function openConsumers(deps: ConsumersDeps): Promise<Consumers> {
  const record = (await readRecord(deps)) ?? emptyRecord;
  await clearUnfinished(deps.recordPath, record, deps.logger);
  const consumers = new RecordedConsumers(deps, record);
  void consumers.refresh();
  return consumers;
}

async function readRecord({ recordPath, logger }: ConsumersDeps): Promise<ConsumerRecord | undefined> {
  try {
    return await consumerRecordFile.read(recordPath);
  } catch (error) {
    logger.error({ err: error }, 'cannot read which consumers are connected: connect them again');
    return undefined;
  }
}

class RecordedConsumers implements Consumers {
  readonly #deps: ConsumersDeps;
  readonly #queue = createSerialQueue();
  /** Consumers that were looked at since the start, by the key of their connection. */
  readonly #examined = new Map<string, ExaminedConsumer>();
  readonly #listeners;
  readonly #stopFollowing: () => void;
  #record: ConsumerRecord;

  constructor(deps: ConsumersDeps, record: ConsumerRecord) {
    this.#deps = deps;
    this.#record = record;
    this.#listeners = createListeners((error) =>
      deps.logger.error({ err: error }, 'cannot follow a change of the connections'),
    );
    this.#stopFollowing = deps.onChange(() => void this.refresh());
  }

  get kinds(): readonly string[] {
    return this.#deps.kinds.map(({ name }) => name);
  }

  list(): ReturnType<Consumers['list']> {
    const { connections, files } = this.#record;
    return connections.map(({ key, kind, options, since }) => {
      const own = files.filter((file) => file.connections.includes(key));
      return { kind, options, since, files: own.map(({ path }) => path) };
    });
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  connect(kind: string, given: ConnectOptions, change: ChangeOptions = {}): Promise<ConsumerReport> {
    return this.#queue.run(async () => {
      const options = await normalised(this.#kind(kind, given), given, change);
      const key = keyOf(kind, options);
      const examined = await this.#kind(kind, options).examine(options, change);
      const before = this.#record.connections;
      const since = before.find((connection) => connection.key === key)?.since ?? this.#deps.now();
      const connection = { key, kind, options, since };
      const others = before.filter((one) => one.key !== key);
      const next =
        before.length > others.length
          ? before.map((one) => (one.key === key ? connection : one))
          : [...others, connection];
      const planned = new Map(this.#examined).set(key, examined);
      const { report } = await this.#settle(next, planned, change);
      if (change.isDryRun !== true) this.#examined.set(key, examined);
      return { description: examined.description, ...report };
    }, change.signal);
  }

  disconnect(kind: string, given: ConnectOptions, change: ChangeOptions = {}): Promise<ConsumerReport> {
    return this.#queue.run(async () => {
      // A user who is gone keeps the name under which the connection is recorded.
      const options = await normalised(this.#kind(kind, given), given, change).catch(() => given);
      const key = keyOf(kind, options);
      const next = this.#record.connections.filter((connection) => connection.key !== key);
      if (next.length === this.#record.connections.length) {
        throw new OutboardError('not-found', `${kind} is not connected${describeTarget(options)}`);
      }
      const { report } = await this.#settle(next, this.#examined, change);
      if (change.isDryRun !== true) this.#examined.delete(key);
      return { description: '', ...report };
    }, change.signal);
  }

  refresh(): Promise<void> {
    return this.#queue.run(async () => {
      const { connections, files } = this.#record;
      // Files without a connection are those that could not be removed.
      if (connections.length === 0 && files.length === 0) return;
      const { logger } = this.#deps;
      try {
        const { report } = await this.#settle(connections, this.#examined, {});
        for (const { path, state, reason } of report.files) {
          if (state === 'written' || state === 'removed') logger.info({ path }, `consumer's file ${state}`);
          if (reason !== undefined) logger.warn({ path, reason }, `consumer's file ${state}`);
        }
      } catch (error) {
        logger.error({ err: error }, 'cannot bring the files of consumers in line with the plugins');
      }
    });
  }

  async settled(): Promise<void> {
    await this.#queue.run(async () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopFollowing();
    await this.settled();
  }

  #kind(name: string, options: ConnectOptions): ConsumerKind {
    const kind = this.#deps.kinds.find((one) => one.name === name);
    if (kind === undefined) {
      const known = this.kinds.join(', ');
      throw new OutboardError('not-found', `unknown consumer "${name}": expected one of ${known}`);
    }
    const given = Object.keys(options) as (keyof ConnectOptions)[];
    const other = given.find((option) => !kind.accepts.includes(option));
    if (other !== undefined) {
      throw new OutboardError(
        'invalid',
        `${name} takes no option "${other}": it takes ${listed(kind.accepts)}`,
      );
    }
    return kind;
  }

  async #settle(
    connections: readonly Connection[],
    known: ReadonlyMap<string, ExaminedConsumer>,
    { isDryRun = false }: ChangeOptions,
  ): Promise<Settled> {
    const { wanted, notes } = await this.#plan(connections, known);
    const { changes, kept } = await this.#compare(wanted, connections);
    if (isDryRun) {
      return { record: this.#record, report: { files: foreseeChanges(changes), notes } };
    }
    const before = this.#record;
    const pending = duringChanges(before.files, changes);
    await this.#save({ ...before, connections, files: pending });
    const { outcomes, madeDirectories } = await applyChanges(changes);
    const failed = outcomes.filter(({ state }) => state === 'failed').map(({ path }) => path);
    const files = [
      ...kept,
      ...pending.filter(({ path }) => failed.includes(path)),
      ...afterChanges(before.files, changes).filter(({ path }) => !failed.includes(path)),
    ];
    const made = [...new Set([...before.directories, ...madeDirectories])];
    const directories = files.length === 0 ? await removeDirectories(made) : made;
    await this.#save({ connections, files, directories });
    this.#listeners.notify();
    return { record: this.#record, report: { files: outcomes, notes } };
  }

  /** The files of all connections. Two connections may need the same file; the older one decides its content. */
  async #plan(connections: readonly Connection[], known: ReadonlyMap<string, ExaminedConsumer>) {
    const plugins = this.#deps.connectable();
    const wanted = new Map<string, WantedFile>();
    const notes: string[] = [];
    for (const { key, kind, options } of connections) {
      const examined = known.get(key) ?? (await this.#kind(kind, options).examine(options, {}));
      this.#examined.set(key, examined);
      const plan = examined.plan(plugins);
      notes.push(...plan.notes);
      for (const file of plan.files) {
        const same = wanted.get(file.path);
        wanted.set(file.path, { ...(same ?? file), connections: [...(same?.connections ?? []), key] });
      }
    }
    return { wanted, notes: [...new Set(notes)] };
  }

  /** Decide for each file. `kept` are those of plugins that are disabled: their containers find them again later. */
  async #compare(wanted: ReadonlyMap<string, WantedFile>, connections: readonly Connection[]) {
    const { files } = this.#record;
    const keys = new Set(connections.map(({ key }) => key));
    const served = new Set(this.#deps.connectable().map(({ id }) => id));
    const disabled = new Set(this.#deps.installed().filter((id) => !served.has(id)));
    const changes: FileChange[] = [];
    const kept: WrittenFile[] = [];
    for (const file of wanted.values()) {
      changes.push(
        await compareWanted(
          file,
          files.find(({ path }) => path === file.path),
        ),
      );
    }
    for (const file of files.filter(({ path }) => !wanted.has(path))) {
      const rest = file.connections.filter((key) => keys.has(key));
      if (rest.length > 0 && disabled.has(file.pluginId)) kept.push({ ...file, connections: rest });
      else changes.push(await compareUnwanted(file));
    }
    return { changes, kept };
  }

  async #save(record: ConsumerRecord): Promise<void> {
    const { recordPath, logger } = this.#deps;
    if (JSON.stringify(record) === JSON.stringify(this.#record)) return;
    await consumerRecordFile.commit(recordPath, record, (error) =>
      logger.error({ err: error }, 'a change of the record of connections may be lost in a power cut'),
    );
    this.#record = record;
  }
}

/** The record before the first change: a file that is about to be written may have its old content or the new one. */
function duringChanges(
  files: readonly WrittenFile[],
  changes: readonly FileChange[],
): readonly WrittenFile[] {
  const written = changes.flatMap((change) => (change.action === 'write' ? [change.wanted] : []));
  const others = files.filter(({ path }) => !written.some((file) => file.path === path));
  const pending = written.map((file) => {
    const old = files.find(({ path }) => path === file.path)?.digests ?? [];
    return writtenFile(file, [...new Set([...old, digestOf(Buffer.from(file.content))])]);
  });
  return [...others, ...pending];
}

/** The record after the last change. A file that was changed by hand stays in it, so that it is told again. */
function afterChanges(files: readonly WrittenFile[], changes: readonly FileChange[]): readonly WrittenFile[] {
  return changes.flatMap((change) => {
    if (change.action === 'leave' && change.wanted !== undefined) {
      const old = files.find(({ path }) => path === change.path)?.digests ?? [];
      return [writtenFile(change.wanted, old)];
    }
    if (change.action !== 'write' && change.action !== 'keep') return [];
    return [writtenFile(change.wanted, [digestOf(Buffer.from(change.wanted.content))])];
  });
}

function writtenFile(
  { path, pluginId, connections, owner }: WantedFile,
  digests: WrittenFile['digests'],
): WrittenFile {
  return { path, pluginId, connections, digests, ...(owner && { owner }) };
}

async function normalised(
  kind: ConsumerKind,
  options: ConnectOptions,
  cancellable: Cancellable,
): Promise<ConnectOptions> {
  return kind.normalise === undefined ? options : await kind.normalise(options, cancellable);
}

function listed(options: readonly string[]): string {
  return options.map((option) => `"${option}"`).join(', ');
}
