/**
 * Finds the reason why the program of a plugin cannot be executed, for its author.
 */
import { closeSync } from 'node:fs';
import { openRoot } from '@outboard/container';
import { locateProgram, type UnpackedPlugin } from './locate-program.ts';

const maxShownPlaces = 3;

/** Examine the entrypoint. @returns at most one line @throws {OutboardError} system when the disk fails */
export function findProgramFlaws(plugin: UnpackedPlugin): readonly string[] {
  const { entrypoint } = plugin.config;
  const subject = 'config: "Entrypoint"';
  if (entrypoint === null || entrypoint.length === 0) {
    return [`${subject}: there is none: want the program of the plugin, such as ["/plugin"]`];
  }
  const program = JSON.stringify(entrypoint[0]);
  const root = openRoot(plugin.rootfs);
  try {
    const found = locateProgram(root, plugin);
    if (found.kind === 'missing') return [`${subject}: ${program}: ${whereMissing(found.places)}`];
    if (found.kind !== 'not-executable') return [];
    const place = `rootfs${found.place}`;
    return [`${subject}: ${program}: ${place} is not a file that can be run: want one with mode 0755`];
  } finally {
    closeSync(root);
  }
}

function whereMissing(places: readonly string[]): string {
  const [first, ...others] = places.map((place) => `rootfs${place}`);
  if (first === undefined) return 'there is no search path: want an absolute path';
  if (others.length === 0) return `${first} is missing`;
  const shown = [first, ...others].slice(0, maxShownPlaces);
  return `it is in none of the directories of PATH: ${shown.join(', ')}${others.length >= maxShownPlaces ? ', …' : ''} are missing`;
}
