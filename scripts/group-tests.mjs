/**
 * Groups compiled test files into batches that run in one process each: starting Node.js and loading the modules of a
 * package takes longer than most files' tests.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Upper bound for one batch: short enough that the last one does not keep the other processors waiting. */
const filesPerBatch = 12;

/** Hooks at the top of a file, which Node.js would also run for the tests of the other files. */
const topLevelHook = /^(?:before|after|beforeEach|afterEach)\(/m;

/**
 * Write one module a batch, which loads its files one after the other.
 *
 * @param {readonly string[]} files relative to the root, sorted
 * @param {{ root: string, directory: string }} options where the modules are written
 * @returns {readonly string[]} files to run: modules of batches, and files that need a process of their own
 */
export function groupTests(files, { root, directory }) {
  const packages = new Map();
  const single = [];
  for (const file of files) {
    if (needsOwnProcess(join(root, file))) single.push(file);
    else {
      const name = packageOf(file);
      packages.set(name, [...(packages.get(name) ?? []), file]);
    }
  }
  const modules = [...packages].flatMap(([name, members]) =>
    batchesOf(members).map((batch, index) => {
      const module = join(directory, `${name}-${index + 1}.test.mjs`);
      writeFileSync(module, batch.map((file) => `import ${JSON.stringify(join(root, file))};\n`).join(''));
      return module;
    }),
  );
  return [...single, ...modules];
}

function needsOwnProcess(path) {
  return topLevelHook.test(readFileSync(path, 'utf8'));
}

/** Such as `packages-oci` of `packages/oci/dist/errors.test.js`. */
function packageOf(file) {
  return file.split(sep).slice(0, 2).join('-');
}

function batchesOf(files) {
  const count = Math.ceil(files.length / filesPerBatch);
  const size = Math.ceil(files.length / count);
  return Array.from({ length: count }, (_, index) => files.slice(index * size, (index + 1) * size));
}
