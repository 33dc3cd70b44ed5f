/**
 * The container of one plugin with its surroundings: launches it, ends it and removes both from the host.
 */
import type { Container, EndedContainer } from '@outboard/container';
import type { PluginRecord } from '../config/plugin-config.ts';
import { endContainer } from './end-container.ts';
import type { MountsToRemove } from './host/plugin-host.ts';
import { type LaunchDeps, type Launched, launchPlugin } from './launch-plugin.ts';
import { launchFailure } from './plugin-failure.ts';

/** One attempt to start the plugin. */
export interface StartAttempt {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Number of restarts before it. */
  readonly restarts: number;
  /** Processes killed for lack of memory before it. */
  readonly outOfMemoryKills: number;
  /**
   * True if the plugin stays enabled when the attempt fails. Then mounts of the kernel stay, and the host is checked
   * first; before an operator's enable the operation has checked it.
   */
  readonly isWanted: boolean;
}

/** At most one container at a time. Calls are serialised by the owner. */
export class PluginContainer {
  readonly #deps: LaunchDeps;
  /** Present from a successful start until everything is removed. */
  #container: Container | EndedContainer | undefined;
  #needsCleanUp = false;

  constructor(deps: LaunchDeps) {
    this.#deps = deps;
  }

  /** True if something on the host could not be removed yet. */
  get needsCleanUp(): boolean {
    return this.#needsCleanUp;
  }

  /** Own a container of this or an earlier process. */
  own(container: Container | EndedContainer): void {
    this.#container = container;
  }

  /** The last lines of the output, oldest first; none without a container. */
  async readLogTail(lines: number): Promise<readonly string[]> {
    return (await this.#container?.readLogTail(lines)) ?? [];
  }

  /** Start a container. Everything that an earlier run left is removed first. Never rejects. */
  async launch(record: PluginRecord, attempt: StartAttempt): Promise<Launched> {
    const { restarts, signal, timeoutMs, outOfMemoryKills, isWanted } = attempt;
    const mounts = isWanted ? 'dead' : 'all';
    try {
      if (this.#container !== undefined || this.#needsCleanUp) await this.remove(record.id, mounts);
      if (isWanted) await this.#deps.host.check(record, { signal });
    } catch (error) {
      return { failure: launchFailure(error, this.#deps.clock.now()), error };
    }
    const options = { timeoutMs, signal, restarts, mounts, outOfMemoryKills } as const;
    const launched = await launchPlugin(record, this.#deps, options);
    if ('container' in launched) this.#container = launched.container;
    else if (launched.leftover !== undefined) {
      this.#container = launched.leftover.container;
      this.#needsCleanUp = true;
    }
    return launched;
  }

  /** End a container of an earlier process and start another. Never rejects. */
  async replace(
    record: PluginRecord,
    container: Container,
    attempt: StartAttempt & { readonly graceMs: number },
  ): Promise<Launched> {
    const { signal, graceMs } = attempt;
    try {
      await endContainer(container, graceMs, { signal });
      // When aborted, the container is the business of the next process.
      signal.throwIfAborted();
    } catch (error) {
      return { failure: launchFailure(error, this.#deps.clock.now()), error };
    }
    return this.launch(record, attempt);
  }

  /** End the container if it runs. @param graceEnd shortens the grace when aborted */
  async end(graceMs: number, graceEnd: AbortSignal): Promise<void> {
    const container = this.#container;
    if (container !== undefined && 'exited' in container) {
      await endContainer(container, graceMs, { graceEnd });
    }
  }

  /** Remove container and surroundings. @throws when something could not be removed; `needsCleanUp` is set then */
  async remove(id: string, mounts: MountsToRemove): Promise<void> {
    this.#needsCleanUp = true;
    await this.#container?.remove();
    await this.#deps.host.cleanUp(id, { mounts });
    this.#container = undefined;
    this.#needsCleanUp = false;
  }

  /** As `remove` for a plugin that stays enabled; a failure is logged, and the next start or stop tries again. */
  async tryRemove(id: string): Promise<void> {
    try {
      await this.remove(id, 'dead');
    } catch (error) {
      this.#deps.logger.error({ err: error, id }, 'cannot remove what a plugin left');
    }
  }
}
