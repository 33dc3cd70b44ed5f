/**
 * Writes trees as tar archives with the same bytes for the same content.
 */
import { basename, dirname, join } from 'node:path';
import { runProgram } from './run-program.mjs';

/**
 * Write `<name of the tree>.tar.gz`: sorted names, root as owner, the time of the sources, the modes of the tree.
 *
 * @param {string} tree
 * @param {{ output: string, release: { date: number, compression: number } }} options
 * @returns {string} path of the archive
 */
export function writeTarball(tree, { output, release }) {
  const name = basename(tree);
  const archive = join(output, `${name}.tar`);
  const identity = ['--sort=name', '--format=ustar', '--owner=0', '--group=0', '--numeric-owner'];
  const time = [`--mtime=@${release.date}`];
  runProgram('tar', ['-C', dirname(tree), ...identity, ...time, '-cf', archive, name]);
  // Without name and time in the header, which depend on the machine.
  runProgram('gzip', ['--no-name', '--force', `-${release.compression}`, archive]);
  return `${archive}.gz`;
}
