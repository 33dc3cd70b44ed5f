#!/usr/bin/env node
/**
 * `npm run package`: makes the packages that people install, in `dist-packages`: a self-contained tarball and a Debian
 * package for this machine's processor, and npm packages. Needs npm's and Debian's packages, and nothing else of the network.
 *
 *     npm run package -- [--output DIRECTORY] [--version VERSION] [--compression LEVEL] [--no-build] [--no-libraries]
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

const { values } = parseArgs({
  allowNegative: true,
  options: {
    output: { type: 'string', default: join(root, 'dist-packages') },
    // For tests of upgrades; a release has the version of the repository.
    version: { type: 'string' },
    // Of gzip, 1 to 9.
    compression: { type: 'string' },
    build: { type: 'boolean', default: true },
    libraries: { type: 'boolean', default: true },
  },
});
if (values.build && !(setUp() && compile())) process.exit(1);
const files = makePackages({
  output: resolve(values.output),
  libraries: values.libraries,
  ...(values.version !== undefined && { version: values.version }),
  ...(values.compression !== undefined && { compression: Number(values.compression) }),
});
for (const file of files) console.log(`package: ${file}`);

/** All packages: set-up compiles only those that it needs. */
function compile() {
  const compiler = join('node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [compiler, '--build'], { cwd: root, stdio: 'inherit' }).status === 0;
}
