/**
 * Options of a script on its command line.
 */
import { parseArgs } from 'node:util';

/**
 * Read the options. `--help` prints the usage and ends this process, and so does a wrong option, with code 2.
 *
 * @param {string} usage one line
 * @param {Record<string, { type: 'string' | 'boolean' }>} options as for `parseArgs()` of Node.js
 * @returns {Record<string, string | boolean | undefined>}
 */
export function readOptions(usage, options) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } });
    if (!values.help) return values;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
  console.log(usage);
  process.exit(0);
}
