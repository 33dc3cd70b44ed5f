/**
 * Puts the parts of a project into a tree: base, interpreter, program, files.
 */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { OutboardError, type Platform, platformText } from '@outboard/oci';
import { addNode } from './programs/add-node.ts';
import { addPython } from './programs/add-python.ts';
import { addPackage } from './programs/node-package.ts';
import { readElf } from './programs/read-elf.ts';
import { addProgram, findProgram } from './programs/shared-libraries.ts';
import { addSystemFiles } from './programs/system-files.ts';
import { forPlatform, isHostPlatform } from './project/placeholders.ts';
import { type Project, projectPath } from './project/project.ts';
import { addDirectory, addFile, type HostFileOptions } from './tree/add-directory.ts';
import { pathOf, type RootTree } from './tree/root-tree.ts';

/** Choices and parts of one build. */
export interface FillOptions {
  readonly platform: Platform;
  /** Program of Node.js that packages run with. */
  readonly node: string;
  /** The first word of the config's entrypoint: where the program lands. */
  readonly entrypoint: string | undefined;
  /** True when the tree began with a base, which has the libraries. */
  readonly hasBase: boolean;
  readonly files: HostFileOptions;
}

/** Fill a tree with all parts of a project but its base. @throws {OutboardError} invalid or not-found, naming the part */
export async function fillTree(tree: RootTree, project: Project, options: FillOptions): Promise<void> {
  const { description } = project;
  if (!options.hasBase) addSystemFiles(tree, options.files.modifiedAt);
  const runtime = description.runtime ?? (project.isPackage && !options.hasBase ? 'node' : 'none');
  if (runtime === 'node') {
    requireHost(options, 'the Node.js of this machine ("runtime": "node")');
    await addNode(tree, options.node, options.files);
  } else if (runtime === 'python') {
    requireHost(options, 'the Python of this machine ("runtime": "python")');
    await addPython(tree, options.files);
  }
  if (project.isPackage) await addPackage(tree, project.directory, 'plugin', options.files);
  if (description.program !== undefined) await placeProgram(tree, project, options);
  for (const name of description.programs ?? []) {
    requireHost(options, `the program "${name}" of this machine`);
    await addProgram(tree, await findProgram(name), options.files);
  }
  for (const [at, from] of Object.entries(description.files ?? {})) {
    const source = projectPath(project, forPlatform(from, options.platform));
    const stats = await stat(source).catch((cause: Error) => {
      throw new OutboardError('invalid', `"files": cannot read "${from}" of the project: ${cause.message}`, {
        cause,
      });
    });
    if (stats.isDirectory()) addDirectory(tree, pathOf(at), source, options.files);
    else addFile(tree, pathOf(at), source, options.files);
  }
}

/** Refuse a part of this machine for another platform: it runs on its own only. */
function requireHost({ platform }: FillOptions, subject: string): void {
  if (isHostPlatform(platform)) return;
  throw new OutboardError(
    'invalid',
    `${subject} does not run on ${platformText(platform)}: want a "base" of that platform that has it`,
  );
}

async function placeProgram(tree: RootTree, project: Project, options: FillOptions): Promise<void> {
  const { platform, entrypoint } = options;
  const named = forPlatform(project.description.program ?? '', platform);
  const program = projectPath(project, named);
  const elf = await readElf(program).catch((cause: Error) => {
    throw new OutboardError('invalid', `"program": cannot read "${named}": ${cause.message}; is it built?`, {
      cause,
    });
  });
  if (elf !== undefined && elf.architecture !== platform.architecture) {
    throw new OutboardError(
      'invalid',
      `"program": "${named}" is for ${elf.architecture}, want ${platformText(platform)}: "{arch}" in its path stands for the architecture, and "build" gets it as OUTBOARD_ARCH and GOARCH`,
    );
  }
  const at = entrypoint?.startsWith('/') === true && !isInterpreted(entrypoint, elf) ? entrypoint : undefined;
  // It is there to be run, whatever its mode in a checkout is.
  const files = { ...options.files, mode: 0o755 };
  const place = at ?? `/plugin/${basename(named)}`;
  if (elf?.isDynamic === true && !options.hasBase) {
    requireHost(options, `the libraries of "${named}" are those of this machine, which`);
    await addProgram(tree, program, files, place);
  } else {
    addFile(tree, pathOf(place), program, files);
  }
}

/** A script that the entrypoint's first word runs, such as `["/usr/bin/python3", "/plugin/main.py"]`. */
function isInterpreted(entrypoint: string, elf: object | undefined): boolean {
  return elf === undefined && /\/(?:node|python3?|sh|bash|perl|ruby)$/.test(entrypoint);
}
