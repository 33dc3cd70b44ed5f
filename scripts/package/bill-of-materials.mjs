/**
 * The bill of materials of the packages (SBOM), in CycloneDX's format, by `npm sbom`.
 * @see https://cyclonedx.org/docs/1.5/json/
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../make-directories.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Write `outboard-<version>-linux-<processor>.cdx.json`: exactly the parts that are inside. npm describes a project that
 * depends on them.
 *
 * @param {readonly object[]} contents from `findContents`
 * @param {{ output: string, work: string, release: object }} options
 * @returns {string} path of the file
 */
export function writeBillOfMaterials(contents, { output, work, release }) {
  const { version, processor, date } = release;
  // npm names the component after the directory.
  const project = join(work, 'bill', 'outboard');
  makeDirectories(project);
  const own = {
    name: 'outboard',
    version,
    description: "Docker's managed plugin system, for every host",
    license: 'Apache-2.0',
    dependencies: Object.fromEntries(contents.map((part) => [part.name, part.version])),
  };
  const entries = contents.map(({ name, version: partVersion, license, locked: { resolved, integrity } }) => [
    `node_modules/${name}`,
    { version: partVersion, resolved, integrity, license },
  ]);
  const lock = {
    ...own,
    lockfileVersion: 3,
    requires: true,
    packages: Object.fromEntries([['', own], ...entries]),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(own));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock));
  const args = [
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--package-lock-only',
    '--offline',
  ];
  const bill = JSON.parse(runProgram('npm', args, { cwd: project }));
  const file = join(output, `outboard-${version}-linux-${processor}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(withoutChance(bill, date), undefined, 2)}\n`);
  return file;
}

/** The same content gives the same bytes: the time is that of the sources, and the number comes from the content. */
function withoutChance(bill, date) {
  const { tools: _tools, ...metadata } = bill.metadata;
  const timestamp = new Date(date * 1000).toISOString();
  const stable = { ...bill, metadata: { ...metadata, timestamp } };
  const digest = createHash('sha256')
    .update(JSON.stringify({ ...stable, serialNumber: '' }))
    .digest('hex');
  // A UUID of version 8, whose bits are free.
  const uuid = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(digest);
  return { ...stable, serialNumber: `urn:uuid:${uuid[1]}-${uuid[2]}-8${uuid[3]}-8${uuid[4]}-${uuid[5]}` };
}
