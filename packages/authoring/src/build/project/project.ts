/**
 * The description of a project: what its plugin is made of. Node.js projects have it in package.json under "outboard", all
 * others in outboard.json, with the same keys.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, resolve } from 'node:path';
import {
  isJsonObject,
  isOutboardError,
  OutboardError,
  parseStrictJson,
  systemErrorCode,
} from '@outboard/oci';
import * as z from 'zod';

const text = z.string().min(1, 'want text that is not empty');
const words = z.array(text);

const descriptionSchema = z.strictObject({
  /** Name under which the plugin is created, such as `acme/volumes:1.0`; default of `--tag` and of `dev`. */
  name: text.optional(),
  /** The plugin's config; default `config.json`. */
  config: text.optional(),
  /** Command and arguments that make the program, run in the project before each build. */
  build: words.min(1, 'want a command').optional(),
  /** Root filesystem to begin with: `./PATH` of a directory, archive or image, or a reference in a registry. */
  base: text.optional(),
  /** File of the project that becomes the plugin's entrypoint. */
  program: text.optional(),
  /** Interpreter of this machine that the root filesystem gets. */
  runtime: z.enum(['node', 'python', 'none']).optional(),
  /** Programs of this machine that the plugin calls; they land where they are here, with their libraries. */
  programs: words.optional(),
  /** More files: path in the root filesystem to path in the project, of a file or directory. */
  files: z.record(text, text).optional(),
  /** Paths in the project whose changes make `dev` build again; default: all but build results and dependencies. */
  watch: words.optional(),
});

/** The keys of a description. */
export type ProjectDescription = z.infer<typeof descriptionSchema>;

/** A project on disk. */
export interface Project {
  /** Absolute path. */
  readonly directory: string;
  /** Name of the file with the description, for messages; undefined when there is none. */
  readonly file: string | undefined;
  readonly description: ProjectDescription;
  /** True for an npm package, whose files and dependencies go to `/plugin`. */
  readonly isPackage: boolean;
}

const maxBytes = 1024 * 1024;

/**
 * Read a project. A directory with `config.json` and `rootfs/` needs no description: `rootfs/` is its base.
 * @param overrides keys that replace those of the file, as flags of a command line do
 * @throws {OutboardError} invalid, naming file, key and what would be right; not-found when the directory is missing
 */
export async function readProject(path: string, overrides: ProjectDescription = {}): Promise<Project> {
  const directory = resolve(path);
  const manifest = await readDocument(directory, 'package.json');
  const own = await readDocument(directory, 'outboard.json');
  const file = own !== undefined ? 'outboard.json' : manifest !== undefined ? 'package.json' : undefined;
  const described = own ?? (isJsonObject(manifest) ? (manifest.outboard ?? {}) : {});
  const description = { ...parseDescription(described, file ?? 'outboard.json'), ...overrides };
  return { directory, file, description, isPackage: manifest !== undefined && own === undefined };
}

/**
 * The path of a file of a project.
 * @throws {OutboardError} invalid when it is outside of the project
 */
export function projectPath({ directory }: Pick<Project, 'directory'>, path: string): string {
  const inner = normalize(path);
  if (isAbsolute(inner) || inner === '..' || inner.startsWith('../')) {
    throw new OutboardError('invalid', `"${path}" is outside of the project: want a path in "${directory}"`);
  }
  return join(directory, inner);
}

async function readDocument(directory: string, name: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(directory, name));
  } catch (cause) {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return undefined;
    throw new OutboardError('invalid', `cannot read "${join(directory, name)}": ${code}`, { cause });
  }
  try {
    return parseStrictJson(bytes, { maxBytes, maxDepth: 32 });
  } catch (cause) {
    if (!isOutboardError(cause)) throw cause;
    throw new OutboardError('invalid', `"${join(directory, name)}": ${cause.message}`, { cause });
  }
}

function parseDescription(document: unknown, file: string): ProjectDescription {
  const parsed = descriptionSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const subject = file === 'package.json' ? 'package.json, "outboard"' : file;
  throw new OutboardError('invalid', `${subject}: ${describeIssue(issue)}`);
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'not a description of a project';
  const key = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(descriptionSchema.shape).join(', ');
    return `unknown key "${issue.keys[0]}": the keys are ${known}`;
  }
  return `${key === '' ? '' : `"${key}": `}${issue.message}`;
}
