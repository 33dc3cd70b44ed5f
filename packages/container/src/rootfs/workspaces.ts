/**
 * Workspaces: a staged directory with an unpack jail over its root filesystem, thrown away whole unless committed.
 * A jail takes a moment to start, so one can be made ready before it is needed.
 */
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { StagedDirectory, Staging } from './staging.ts';
import type { OpenUnpackJail, UnpackJail } from './unpack-jail.ts';

export interface Workspace extends AsyncDisposable {
  /** Path of the root filesystem that the jail writes to. */
  readonly rootfs: string;
  readonly jail: UnpackJail;
  /** The staged directory, for the rename that makes it real; once moved away there is nothing to dispose. */
  commit(): string;
}

interface MadeWorkspace extends Workspace {
  isThere(): boolean;
}

export interface Workspaces {
  /** Take the one that was made ready, or make one. */
  open(): Promise<Workspace>;
  /**
   * Make one ready in the background, unless there is one. It is thrown away when nobody takes it for a minute.
   * Call it when an installation is likely to follow, as when its privileges were asked for.
   */
  prepare(): void;
  /** Throw away what was made ready. */
  close(): Promise<void>;
}

const keptReadyMs = 60_000;

export function createWorkspaces(staging: Staging, openJail: OpenUnpackJail, logger: Logger): Workspaces {
  let ready: { readonly workspace: Promise<MadeWorkspace>; readonly timer: NodeJS.Timeout } | undefined;

  async function make(): Promise<MadeWorkspace> {
    const staged = await staging.create();
    try {
      const rootfs = await staged.makeDirectory('rootfs');
      const jail = openJail(rootfs);
      return {
        rootfs,
        jail,
        isThere: () => existsSync(staged.path),
        commit: staged.commit,
        async [Symbol.asyncDispose]() {
          await jail[Symbol.asyncDispose]();
          await dispose(staged);
        },
      };
    } catch (error) {
      await dispose(staged);
      throw error;
    }
  }

  /** Its failure is not that of the installation, which may have been committed. */
  async function dispose(staged: StagedDirectory): Promise<void> {
    try {
      await staged[Symbol.asyncDispose]();
    } catch (error) {
      logger.error({ err: error }, 'cannot delete a staging directory: the next start does');
    }
  }

  function takeReady(): Promise<MadeWorkspace> | undefined {
    const taken = ready;
    ready = undefined;
    clearTimeout(taken?.timer);
    return taken?.workspace;
  }

  async function close(): Promise<void> {
    const workspace = await takeReady();
    await workspace?.[Symbol.asyncDispose]();
  }

  function prepare(): void {
    if (ready !== undefined) return;
    const workspace = make();
    // Whoever takes it gets the error; until then it concerns nobody, but is worth a line.
    workspace.catch((error: unknown) => logger.warn({ err: error }, 'cannot make an unpack jail ready'));
    const timer = setTimeout(() => {
      close().catch((error: unknown) =>
        logger.error({ err: error }, 'cannot throw an unused workspace away'),
      );
    }, keptReadyMs);
    timer.unref();
    ready = { workspace, timer };
  }

  /** What was made ready may have been taken by a cleaner of temporary directories since. */
  async function open(): Promise<Workspace> {
    const workspace = await takeReady();
    if (workspace?.isThere() === true) return workspace;
    await workspace?.[Symbol.asyncDispose]();
    return make();
  }

  return { open, prepare, close };
}
