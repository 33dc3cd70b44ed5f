/**
 * The loop of development: a round, and another one after each change of the sources.
 */
import type { Project } from '../build/project/project.ts';
import { watchSources } from './watch-sources.ts';

/** The parts of the loop. */
export interface DevelopOptions {
  readonly project: Project;
  /** Builds and replaces. @param changed paths in the project; empty in the first round */
  readonly round: (changed: readonly string[]) => Promise<void>;
  /** Receives the error of a round; the loop goes on, unless this throws. */
  readonly onError: (error: unknown) => void;
  /** Ends the loop. */
  readonly signal: AbortSignal;
}

/** Time without changes before a round, in milliseconds. */
const quietMs = 100;

/**
 * Develop until the signal is aborted.
 * @throws what `onError` throws; {OutboardError} when the sources cannot be watched
 */
export async function developProject({ project, round, onError, signal }: DevelopOptions): Promise<void> {
  // Before the first round: what changes during it must not be missed.
  using sources = watchSources(project);
  for (let changed: readonly string[] = []; !signal.aborted; ) {
    try {
      await round(changed);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    if (!signal.aborted) changed = await sources.nextChange({ signal, quietMs });
  }
}
