/**
 * The records of all volumes that this engine created, in memory and on disk. Disk is written first.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mapBounded } from '@outboard/async';
import { isUnfinishedWrite, makeDirectoryDurably, type ReportUnflushed } from '@outboard/oci';
import type { Logger } from 'pino';
import { reportUnflushed } from '../store/report-unflushed.ts';
import {
  commitVolumeRecord,
  deleteVolumeRecord,
  findRecordProblem,
  isVolumeRecordFile,
  readVolumeRecord,
  type VolumeRecord,
  volumeRecordFile,
} from './volume-record.ts';

/** Stored volume records with an index by driver. */
export class VolumeStore {
  readonly #directory: string;
  readonly #onUnflushed: ReportUnflushed;
  readonly #records = new Map<string, VolumeRecord>();
  readonly #namesByDriver = new Map<string, Set<string>>();

  private constructor(directory: string, logger: Logger) {
    this.#directory = directory;
    this.#onUnflushed = reportUnflushed(logger);
  }

  /**
   * Load all records. A damaged one is logged, renamed and left out: the driver still has the volume, and creating it again
   * writes a new record.
   * @param directory such as `DATA_ROOT/volumes`; created if absent
   */
  static async open(directory: string, logger: Logger): Promise<VolumeStore> {
    const store = new VolumeStore(directory, logger);
    await makeDirectoryDurably(directory, { mode: 0o700 });
    await mapBounded(await readdir(directory), (name) => store.#load(name, logger));
    return store;
  }

  async #load(name: string, logger: Logger): Promise<void> {
    const path = join(this.#directory, name);
    try {
      if (isUnfinishedWrite(name)) await rm(path, { force: true });
      else if (isVolumeRecordFile(name)) this.#index(await readVolumeRecord(path));
    } catch (error) {
      // A damaged file must not block the other volumes, nor the start of the engine.
      logger.error({ err: error, path }, 'volume left out: its record cannot be read');
    }
  }

  get(name: string): VolumeRecord | undefined {
    return this.#records.get(name);
  }

  all(): readonly VolumeRecord[] {
    return [...this.#records.values()];
  }

  /** Full names of the drivers of all records. */
  drivers(): readonly string[] {
    return [...this.#namesByDriver.keys()];
  }

  ofDriver(driver: string): readonly VolumeRecord[] {
    const names = this.#namesByDriver.get(driver) ?? [];
    return [...names].flatMap((name) => this.#records.get(name) ?? []);
  }

  /** Look at the file of a record. @returns its path and what is wrong with it; undefined for a sound one */
  async inspect({
    name,
  }: VolumeRecord): Promise<{ readonly path: string; readonly problem: string } | undefined> {
    const path = volumeRecordFile(this.#directory, name);
    const problem = await findRecordProblem(path);
    return problem === undefined ? undefined : { path, problem };
  }

  /** Add a record, or replace the one of that name. */
  async put(record: VolumeRecord): Promise<void> {
    // An administrator may have deleted the directory while the engine runs.
    await makeDirectoryDurably(this.#directory, { mode: 0o700 });
    await commitVolumeRecord(this.#directory, record, this.#onUnflushed);
    this.#unindex(record.name);
    this.#index(record);
  }

  /** Delete the record of a volume. */
  async remove(name: string): Promise<void> {
    await deleteVolumeRecord(this.#directory, name, this.#onUnflushed);
    this.#unindex(name);
  }

  #index(record: VolumeRecord): void {
    this.#records.set(record.name, record);
    const names = this.#namesByDriver.get(record.driver) ?? new Set();
    this.#namesByDriver.set(record.driver, names.add(record.name));
  }

  #unindex(name: string): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    this.#records.delete(name);
    const names = this.#namesByDriver.get(record.driver);
    names?.delete(name);
    if (names?.size === 0) this.#namesByDriver.delete(record.driver);
  }
}
