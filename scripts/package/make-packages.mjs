/**
 * Makes all packages of one version in a directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../make-directories.mjs';
import { writeBillOfMaterials } from './bill-of-materials.mjs';
import { writeChecksums } from './checksums.mjs';
import { writeDebianPackage } from './debian.mjs';
import { packNpmPackages } from './npm-packages.mjs';
import { processorName } from './processor.mjs';
import { sourceDate } from './source-date.mjs';
import { stageInstallation } from './stage-installation.mjs';
import { writeTarball } from './tarball.mjs';
import { repositoryVersion } from './version.mjs';

/**
 * Make the packages. The sources must be compiled.
 *
 * @param {object} options
 * @param {string} options.output directory for the packages; made if missing
 * @param {string} [options.version] default: that of the repository
 * @param {number} [options.compression] level of gzip, 1 to 9; default 6
 * @param {boolean} [options.libraries] whether to make the npm packages of the libraries; default true
 * @returns {readonly string[]} paths of the files
 * @throws {Error} if a part is missing or a program fails
 */
export function makePackages({ output, version = repositoryVersion(), compression = 6, libraries = true }) {
  makeDirectories(output);
  const work = mkdtempSync(join(output, '.work-'));
  try {
    const release = { version, processor: processorName(), date: sourceDate(), compression };
    const name = `outboard-${version}-linux-${release.processor}`;
    const tree = join(work, name);
    const contents = stageInstallation(tree, { release, work });
    const files = [
      writeBillOfMaterials(contents, { output, work, release }),
      writeTarball(tree, { output, release }),
      ...packNpmPackages(tree, { staging: join(work, 'npm'), output, version, libraries }),
      writeDebianPackage(tree, { output, work, release }),
    ];
    return [...files, writeChecksums(output, files)];
  } finally {
    rmSync(work, { recursive: true });
  }
}
