#!/usr/bin/env node
/**
 * Joins the compiled modules of each program into a few files, so that it starts in a third of the time: Node.js reads,
 * resolves and links hundreds of small modules otherwise. What the packages export stays as it is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDirectories } from './make-directories.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files that the program starts by their path relative to its own stand beside it. */
const bundles = [
  {
    directory: 'packages/daemon/bundle',
    entries: {
      daemon: 'packages/daemon/dist/index.js',
      child: 'packages/container/dist/rootfs/jail/child.js',
    },
  },
  { directory: 'packages/cli/bundle', entries: { cli: 'packages/cli/dist/index.js' } },
];

/** The program itself. Run as one, for npm puts the native program in place of the script of that name. */
const esbuild = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild');

const buildOptions = [
  '--bundle',
  '--splitting',
  '--platform=node',
  '--target=node20.19',
  '--format=esm',
  '--chunk-names=chunk-[hash]',
  // Minified, but with names, so that stacks can be read.
  '--minify-whitespace',
  '--minify-syntax',
  // A native addon, which finds its binary relative to itself.
  '--external:koffi',
  // Packages in CommonJS ask for Node.js's own modules by `require`.
  "--banner:js=import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  '--log-level=warning',
];

for (const { directory, entries } of bundles) {
  makeDirectories(join(root, directory));
  const made = mkdtempSync(join(root, directory, '.new-'));
  try {
    const inputs = Object.entries(entries).map(([name, file]) => `${name}=${file}`);
    const { status, error } = spawnSync(esbuild, [...inputs, `--outdir=${made}`, ...buildOptions], {
      cwd: root,
      // While it is still a script it looks for `node` in PATH: this Node.js comes first.
      env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`cannot bundle "${directory}"`, { cause: error });
    replaceChanged(made, join(root, directory), Object.keys(entries));
  } finally {
    rmSync(made, { recursive: true });
  }
}

/**
 * Put new files in place, each at once and only where it differs: a daemon that runs from them may be starting a program
 * at this moment. Entries come last, for they name the other files. Files of an earlier build stay, for a running daemon
 * loads some of them later; their names contain a hash.
 */
function replaceChanged(made, directory, entries) {
  const isEntry = (name) => entries.some((entry) => name === `${entry}.js`);
  const names = readdirSync(made).sort((a, b) => Number(isEntry(a)) - Number(isEntry(b)));
  for (const name of names) {
    const [from, to] = [join(made, name), join(directory, name)];
    if (!existsSync(to) || !readFileSync(to).equals(readFileSync(from))) renameSync(from, to);
  }
}
