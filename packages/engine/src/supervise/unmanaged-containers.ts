/**
 * What is on the host of plugins whose records cannot be used: nobody starts, restarts or ends it until the plugin is
 * repaired or removed.
 */
import type { Container, EndedContainer } from '@outboard/container';
import type { PluginState } from './supervisor.ts';

/** A container of such a plugin; undefined when it has none, but something around it may be there. */
export type SparedContainer = Container | EndedContainer | undefined;

export class SparedContainers {
  readonly #containers = new Map<string, SparedContainer>();
  readonly #ended = new Set<string>();

  add(id: string, container: SparedContainer): void {
    this.#containers.set(id, container);
    if (isRunning(container)) void container.exited.then(() => this.#ended.add(id));
  }

  get(id: string): SparedContainer {
    return this.#containers.get(id);
  }

  has(id: string): boolean {
    return this.#containers.has(id);
  }

  delete(id: string): void {
    this.#containers.delete(id);
  }

  /** @returns undefined when nothing of it runs */
  state(id: string): PluginState | undefined {
    const container = this.#containers.get(id);
    if (!isRunning(container) || this.#ended.has(id)) return undefined;
    const { pid, startedAt, restarts } = container;
    return { status: 'running', since: startedAt, startedAt, pid, restarts };
  }
}

export function isRunning(container: SparedContainer): container is Container {
  return container !== undefined && 'exited' in container;
}
