/**
 * Names of processors.
 */

const names = { x64: 'amd64', arm64: 'arm64' };

/**
 * Tell the processor that packages are for: the one of this machine, since their code caches are made by running them.
 *
 * @returns {string} the name that OCI and Debian use
 * @throws {Error} for a processor without an official Node.js on npm
 */
export function processorName() {
  const name = names[process.arch];
  if (name === undefined)
    throw new Error(
      `no package can be made on ${process.arch}: use a machine with ${Object.keys(names).join(' or ')}`,
    );
  return name;
}
