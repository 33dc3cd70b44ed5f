/**
 * Containers of plugins whose records cannot be used: nothing starts, restarts or ends them until the plugin is repaired
 * or removed.
 */
import type { Container, EndedContainer } from '@outboard/container';
import type { PluginState } from './supervisor.ts';

/** A container of such a plugin; undefined when it has none, but some of its surroundings may be there. */
export type UnmanagedContainer = Container | EndedContainer | undefined;

/** Unmanaged containers by plugin ID. */
export class UnmanagedContainers {
  readonly #containers = new Map<string, UnmanagedContainer>();
  readonly #ended = new Set<string>();

  add(id: string, container: UnmanagedContainer): void {
    this.#containers.set(id, container);
    if (isRunning(container)) void container.exited.then(() => this.#ended.add(id));
  }

  get(id: string): UnmanagedContainer {
    return this.#containers.get(id);
  }

  has(id: string): boolean {
    return this.#containers.has(id);
  }

  delete(id: string): void {
    this.#containers.delete(id);
  }

  /** @returns undefined when no container of the plugin runs */
  state(id: string): PluginState | undefined {
    const container = this.#containers.get(id);
    if (!isRunning(container) || this.#ended.has(id)) return undefined;
    const { pid, startedAt, restarts } = container;
    return { status: 'running', since: startedAt, startedAt, pid, restarts };
  }
}

/** True if the container runs, as far as this process knows. */
export function isRunning(container: UnmanagedContainer): container is Container {
  return container !== undefined && 'exited' in container;
}
