/**
 * Finds the reasons why the program of a plugin cannot be executed, for its author: the program itself, the interpreter of a
 * script, the dynamic loader.
 */
import { closeSync } from 'node:fs';
import { openRoot, parseProgramHeader, programHeaderBytes, readFileInRoot } from '@outboard/container';
import { hostPlatform } from '@outboard/oci';
import type { ConfigFinding } from '../config/config-finding.ts';
import { examineProgram, locateProgram, type UnpackedPlugin } from './locate-program.ts';

const maxShownPlaces = 3;
/** As in Linux: an interpreter may be a script, up to this depth. */
const maxInterpreters = 4;
const subject = 'config: "Entrypoint"';

/**
 * Examine the entrypoint.
 * @returns a flaw, or warnings about a program that another host may run
 * @throws {OutboardError} system when the disk fails
 */
export async function findProgramFlaws(plugin: UnpackedPlugin): Promise<readonly ConfigFinding[]> {
  const { entrypoint } = plugin.config;
  // The judgement of the config reports that there is none.
  if (entrypoint === null || entrypoint.length === 0) return [];
  const root = openRoot(plugin.rootfs);
  try {
    const found = locateProgram(root, plugin);
    const program = JSON.stringify(entrypoint[0]);
    switch (found.kind) {
      case 'unknown':
        return [];
      case 'missing':
        return [flaw('rootfs/program', `${program}: ${whereMissing(found.places)}`)];
      case 'not-executable': {
        const reason = `rootfs${found.place} is not a file that can be run: want one with mode 0755`;
        return [flaw('rootfs/program', `${program}: ${reason}`)];
      }
      case 'found':
        return await examineChain({ root, plugin, program }, found.place);
    }
  } finally {
    closeSync(root);
  }
}

/** An examination under way. */
interface Examination {
  /** Handle on the root filesystem. */
  readonly root: number;
  readonly plugin: UnpackedPlugin;
  /** As it is written in the config, quoted. */
  readonly program: string;
}

/** Follow a program to its interpreter, and that one to its loader. */
async function examineChain(of: Examination, first: string): Promise<readonly ConfigFinding[]> {
  let place = first;
  for (let depth = 0; depth <= maxInterpreters; depth += 1) {
    const file = await readFileInRoot(of.plugin.rootfs, place, programHeaderBytes);
    if (file === undefined) return [];
    const header = parseProgramHeader(file.content);
    if (header.kind === 'unknown') return [unknownFormat(of.program, place)];
    if (header.kind === 'elf') return examineElf(of, place, header);
    const next = examineNext(of, place, ['is a script of', header.interpreter]);
    if (next === 'unknown') return [];
    if (next !== 'found') return [next];
    place = header.interpreter;
  }
  const reason = `the interpreters of rootfs${first} are scripts themselves, more than ${maxInterpreters} deep`;
  return [flaw('rootfs/interpreter', `${of.program}: ${reason}`)];
}

function examineElf(
  of: Examination,
  place: string,
  {
    architecture,
    loader,
  }: { readonly architecture: string | undefined; readonly loader: string | undefined },
): readonly ConfigFinding[] {
  const next = loader === undefined ? 'found' : examineNext(of, place, ['is loaded by', loader]);
  const flaws = typeof next === 'string' ? [] : [next];
  const host = hostPlatform().architecture;
  if (architecture === undefined || architecture === host) return flaws;
  const message = `${subject}: ${of.program}: rootfs${place} is built for ${architecture}, and this host is ${host}`;
  return [{ code: 'rootfs/architecture', severity: 'warning', message }, ...flaws];
}

/** Examine the program that executes another one. */
function examineNext(
  { root, plugin, program }: Examination,
  place: string,
  [relation, next]: readonly ['is a script of' | 'is loaded by', string],
): ConfigFinding | 'found' | 'unknown' {
  const isScript = relation === 'is a script of';
  const code = isScript ? 'rootfs/interpreter' : 'rootfs/loader';
  const reason = `${program}: rootfs${place} ${relation} ${JSON.stringify(next)}`;
  // The kernel resolves another path from the working directory at the start.
  if (!next.startsWith('/')) return 'unknown';
  const kind = examineProgram(root, next, plugin);
  if (kind === 'found' || kind === 'unknown') return kind;
  const want = isScript ? 'add it' : 'add it with the libraries, or link the program statically';
  const problem = kind === 'missing' ? 'is missing' : 'is not a file that can be run';
  const shown = JSON.stringify(`rootfs${next}`);
  const lineEnd = next.endsWith('\r') ? '; the first line must end with a line feed alone' : '';
  return flaw(code, `${reason}, and ${shown} ${problem}: ${want}${lineEnd}`);
}

/** A host may know more formats (`binfmt_misc`), so that the plugin is only suspected. */
function unknownFormat(program: string, place: string): ConfigFinding {
  const reason = `rootfs${place} is neither a program of Linux nor a script that begins with "#!"`;
  return { code: 'rootfs/format', severity: 'warning', message: `${subject}: ${program}: ${reason}` };
}

function flaw(code: string, reason: string): ConfigFinding {
  return { code, severity: 'flaw', message: `${subject}: ${reason}` };
}

function whereMissing(places: readonly string[]): string {
  const [first, ...others] = places.map((place) => `rootfs${place}`);
  if (first === undefined) return 'there is no search path: want an absolute path';
  if (others.length === 0) return `${first} is missing`;
  const shown = [first, ...others].slice(0, maxShownPlaces);
  return `it is in none of the directories of PATH: ${shown.join(', ')}${others.length >= maxShownPlaces ? ', …' : ''} are missing`;
}
