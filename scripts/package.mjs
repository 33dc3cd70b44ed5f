#!/usr/bin/env node
/**
 * `npm run package`: makes the packages that people install, in `dist-packages`: a self-contained tarball and a Debian
 * package for this machine's processor. Needs npm's and Debian's packages, and nothing else of the network.
 *
 *     npm run package -- [--output DIRECTORY]
 *
 * The same commit gives the same bytes; see docs/packaging.md.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makePackages } from './package/make-packages.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({ options: { output: { type: 'string' } } });
if (!setUp() || !compile()) process.exit(1);
const output = resolve(values.output ?? join(root, 'dist-packages'));
for (const file of makePackages({ output })) console.log(`package: ${file}`);

/** All packages: set-up compiles only those that it needs. */
function compile() {
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [compiler, '--build'], { cwd: root, stdio: 'inherit' }).status === 0;
}
