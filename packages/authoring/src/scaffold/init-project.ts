/**
 * Begins a project: writes a plugin that builds, tests and runs.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeDirectories, OutboardError, onStorage, systemErrorCode } from '@outboard/oci';
import { kindFacts, type PluginKind } from './kinds.ts';
import { languageFacts, type PluginLanguage } from './languages.ts';
import { type PluginName, parsePluginName } from './plugin-name.ts';
import { makeReadme } from './readme.ts';
import { readTemplates } from './templates.ts';

/** Request of a new project. */
export interface InitRequest {
  /** Name of the plugin; its last part names the project. */
  readonly name: string;
  readonly kind: PluginKind;
  readonly language: PluginLanguage;
  /** Directory that the project's directory is made in; default the working directory. */
  readonly parent?: string | undefined;
}

/** A project that was begun. */
export interface NewProject {
  readonly directory: string;
  readonly name: PluginName;
  /** Paths of its files, sorted. */
  readonly files: readonly string[];
}

/**
 * Write a project.
 * @throws {OutboardError} invalid for a bad name, or a kind that the language does not have; conflict when the directory holds
 *   anything
 */
export async function initProject(request: InitRequest): Promise<NewProject> {
  const name = parsePluginName(request.name);
  const files = projectFiles(request, name);
  const directory = resolve(request.parent ?? '.', name.short);
  const isNew = await claimDirectory(directory);
  try {
    for (const [path, content] of files) {
      const file = join(directory, path);
      await makeDirectories(dirname(file), { mode: 0o777 });
      await onStorage('write', file, () => writeFile(file, content, { flag: 'wx' }));
    }
  } catch (error) {
    if (isNew) await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return { directory, name, files: [...files.keys()].sort() };
}

/** The files of a project by path. @throws {OutboardError} invalid for a kind that the language does not have */
function projectFiles(request: InitRequest, name: PluginName): ReadonlyMap<string, string | Buffer> {
  const { kind, language } = request;
  requireKind(kind, language);
  const { files, sdk } = readTemplates();
  const project = new Map<string, string | Buffer>();
  for (const part of ['common', kind]) {
    const prefix = `${language}/${part}/`;
    for (const [path, text] of files) {
      if (!path.startsWith(prefix)) continue;
      // npm and git would take a file of that name as their own.
      const place = path.slice(prefix.length).replace(/^gitignore$/, '.gitignore');
      project.set(place, text.replaceAll('__NAME__', name.short).replaceAll('__PLUGIN__', name.plugin));
    }
  }
  if (language === 'typescript') project.set('vendor/outboard-sdk.tgz', sdk);
  addPrograms(project, kindFacts[kind].programs);
  project.set('config.json', format(makeConfig(request, name)));
  project.set('README.md', makeReadme({ kind, language, name }));
  return project;
}

function requireKind(kind: PluginKind, language: PluginLanguage): void {
  const { label, kinds } = languageFacts[language];
  if (kinds.includes(kind)) return;
  throw new OutboardError(
    'invalid',
    `there is no ${kind} plugin in ${label} to begin with: ${label} has ${kinds.join(', ')}, and TypeScript has every kind`,
  );
}

/** Say in package.json which programs of the machine the plugin calls. */
function addPrograms(project: Map<string, string | Buffer>, programs: readonly string[] | undefined): void {
  const manifest = project.get('package.json');
  if (programs === undefined || typeof manifest !== 'string') return;
  const document: { outboard: object } = JSON.parse(manifest);
  project.set('package.json', format({ ...document, outboard: { ...document.outboard, programs } }));
}

function makeConfig({ kind, language }: InitRequest, { short }: PluginName): object {
  const { interfaceType, config, noun } = kindFacts[kind];
  return {
    description: `${short}, ${noun}`,
    interface: { types: [interfaceType], socket: `${short}.sock` },
    entrypoint: languageFacts[language].entrypoint(short),
    network: { type: '' },
    env: [],
    linux: { capabilities: [] },
    ...config(short),
  };
}

function format(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** @returns true if the directory was made; an empty one that exists is used. */
async function claimDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (cause) {
    if (systemErrorCode(cause) !== 'EEXIST') {
      throw new OutboardError('system', `cannot make "${directory}": ${systemErrorCode(cause)}`, { cause });
    }
  }
  const present = await readdir(directory).catch(() => ['it']);
  if (present.length === 0) return false;
  throw new OutboardError(
    'conflict',
    `"${directory}" exists and is not empty: choose another name, or remove it`,
  );
}
