/**
 * Workspaces: staging directories, each with an unpack jail over its root filesystem, deleted as a whole unless committed.
 * Starting a jail takes a moment, so one can be prepared before it is needed.
 */
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { StagedDirectory, Staging } from './staging.ts';
import type { OpenUnpackJail, UnpackJail } from './unpack-jail.ts';

/** A staging directory and its jail. Dispose kills the jail and deletes the directory unless it was renamed away. */
export interface Workspace extends AsyncDisposable {
  /** Path of the root filesystem that the jail writes to. */
  readonly rootfs: string;
  readonly jail: UnpackJail;
  /** Path of the staging directory, for the rename that commits it. */
  commit(): string;
}

/** Source of workspaces. */
export interface Workspaces {
  /** Take the prepared workspace, or make one. */
  open(): Promise<Workspace>;
  /**
   * Prepare a workspace in the background, unless there is one. It is disposed after a minute without `open`.
   * Call it when an installation is likely to follow.
   */
  prepare(): void;
  /** Dispose the prepared workspace. */
  close(): Promise<void>;
}

const preparedMs = 60_000;

/** @param openJail the jail over the root filesystem of each workspace */
export function createWorkspaces(staging: Staging, openJail: OpenUnpackJail, logger: Logger): Workspaces {
  return new PreparedWorkspaces(staging, openJail, logger);
}

interface StagedWorkspace extends Workspace {
  /** True while the staging directory exists. */
  exists(): boolean;
}

class PreparedWorkspaces implements Workspaces {
  readonly #staging: Staging;
  readonly #openJail: OpenUnpackJail;
  readonly #logger: Logger;
  #prepared: { readonly workspace: Promise<StagedWorkspace>; readonly timer: NodeJS.Timeout } | undefined;

  constructor(staging: Staging, openJail: OpenUnpackJail, logger: Logger) {
    this.#staging = staging;
    this.#openJail = openJail;
    this.#logger = logger;
  }

  async open(): Promise<Workspace> {
    const workspace = await this.#takePrepared();
    // A cleaner of temporary files may have deleted it in the meantime.
    if (workspace?.exists() === true) return workspace;
    await workspace?.[Symbol.asyncDispose]();
    return this.#make();
  }

  prepare(): void {
    if (this.#prepared !== undefined) return;
    const workspace = this.#make();
    // The caller of open() gets the error as well.
    workspace.catch((error: unknown) => this.#logger.warn({ err: error }, 'cannot prepare an unpack jail'));
    const timer = setTimeout(() => {
      this.close().catch((error: unknown) =>
        this.#logger.error({ err: error }, 'cannot dispose an unused workspace'),
      );
    }, preparedMs);
    timer.unref();
    this.#prepared = { workspace, timer };
  }

  async close(): Promise<void> {
    const workspace = await this.#takePrepared();
    await workspace?.[Symbol.asyncDispose]();
  }

  #takePrepared(): Promise<StagedWorkspace> | undefined {
    const taken = this.#prepared;
    this.#prepared = undefined;
    clearTimeout(taken?.timer);
    return taken?.workspace;
  }

  async #make(): Promise<StagedWorkspace> {
    const staged = await this.#staging.create();
    try {
      const rootfs = await staged.makeDirectory('rootfs');
      const jail = this.#openJail(rootfs);
      return {
        rootfs,
        jail,
        exists: () => existsSync(staged.path),
        commit: staged.commit,
        [Symbol.asyncDispose]: async () => {
          await jail[Symbol.asyncDispose]();
          await this.#delete(staged);
        },
      };
    } catch (error) {
      await this.#delete(staged);
      throw error;
    }
  }

  /** A failure is logged only: the installation itself may have been committed. */
  async #delete(staged: StagedDirectory): Promise<void> {
    try {
      await staged[Symbol.asyncDispose]();
    } catch (error) {
      this.#logger.error({ err: error }, 'cannot delete a staging directory: the next start does');
    }
  }
}
