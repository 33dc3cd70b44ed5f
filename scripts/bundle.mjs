#!/usr/bin/env node
/**
 * Joins the compiled modules of each program into one file, so that it starts in a third of the time (Node.js reads,
 * resolves and links hundreds of small modules otherwise), and so that a running program loads no file later which an
 * upgrade may have replaced. What the packages export stays as it is.
 *
 * The files lie in `lib/outboard`, in the layout of an installed Outboard; see docs/packaging.md.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMain } from './is-main.mjs';
import { makeDirectories } from './make-directories.mjs';
import { writeTemplates } from './templates.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Loaded by commands for authors only: ten times the rest of the command line. */
const authoring = 'authoring.cjs';

const aside = [`--alias:@outboard/authoring=./${authoring}`, `--external:./${authoring}`];

/**
 * Programs. CommonJS, since that is what Node.js starts fastest and what takes a code cache; the jail's child awaits at
 * its top level, which modules may.
 */
const programs = [
  { name: 'cli.cjs', entry: 'packages/cli/dist/index.js' },
  { name: authoring, entry: 'packages/authoring/dist/index.js' },
  { name: 'daemon.cjs', entry: 'packages/daemon/dist/index.js' },
  { name: 'child.js', entry: 'packages/container/dist/rootfs/jail/child.js' },
];

/** The program itself. Run as one, for npm puts the native program in place of the script of that name. */
const esbuild = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild');

const commonOptions = [
  '--bundle',
  '--platform=node',
  '--target=node20.19',
  // Minified, but with names, so that stacks can be read.
  '--minify-whitespace',
  '--minify-syntax',
  '--alias:undici=./scripts/http-client.cjs',
  // A native addon, which finds its binary relative to itself.
  '--external:koffi',
  '--log-level=warning',
];

const formats = {
  '.cjs': [
    '--format=cjs',
    // Modules that are imported when needed are in the file, and run when needed.
    '--supported:dynamic-import=false',
    '--define:import.meta.url=__fileUrl',
    "--banner:js=const __fileUrl = require('node:url').pathToFileURL(__filename).href;",
  ],
  '.js': [
    '--format=esm',
    // Packages in CommonJS ask for Node.js's own modules by `require`.
    "--banner:js=import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  ],
};

/**
 * Write the bundles of all programs, the file that starts them, and the files of new projects.
 *
 * @param {string} directory where to write; made if missing
 * @param {{ metafiles?: string }} options a directory for esbuild's descriptions of what each bundle contains
 * @throws {Error} if a program cannot be bundled, for example because it is not compiled
 */
export function bundlePrograms(directory, { metafiles } = {}) {
  makeDirectories(directory);
  const made = mkdtempSync(join(directory, '.new-'));
  try {
    for (const program of programs) bundleProgram(program, { made, metafiles });
    copyFileSync(join(root, 'bin', 'start.cjs'), join(made, 'start.cjs'));
    writeTemplates(join(made, 'templates.json'));
    replaceChanged(made, directory);
  } finally {
    rmSync(made, { recursive: true });
  }
}

function bundleProgram({ name, entry }, { made, metafiles }) {
  const format = formats[name.slice(name.lastIndexOf('.'))];
  const description = metafiles === undefined ? [] : [`--metafile=${join(metafiles, `${name}.json`)}`];
  const parts = name === authoring ? [] : aside;
  const output = `--outfile=${join(made, name)}`;
  const args = [entry, output, ...parts, ...description, ...commonOptions, ...format];
  const { status, error } = spawnSync(esbuild, args, {
    cwd: root,
    // While it is still a script it looks for `node` in PATH: this Node.js comes first.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`cannot bundle "${entry}"`, { cause: error });
}

/**
 * Put new files in place, each at once and only where it differs: a daemon that runs from them may be starting a program
 * at this moment.
 */
function replaceChanged(made, directory) {
  for (const name of readdirSync(made)) {
    const [from, to] = [join(made, name), join(directory, name)];
    if (!existsSync(to) || !readFileSync(to).equals(readFileSync(from))) renameSync(from, to);
  }
}

if (isMain(import.meta.url)) bundlePrograms(join(root, 'lib', 'outboard'));
