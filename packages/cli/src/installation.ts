/**
 * Files of this installation that are not modules. Everything is found from the directory of this module, which is `src`,
 * `dist`, or `lib/outboard` where all modules are one file; see docs/packaging.md for the layout.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asText, field } from './json-field.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** Version of this program. */
export function ownVersion(): string {
  const text = readFileSync(join(nearest('package.json'), 'package.json'), 'utf8');
  return asText(field(JSON.parse(text), 'version'));
}

/**
 * The words that start this program: `bin/outboard`, which starts the Node.js that an installation comes with; elsewhere
 * Node.js and that file.
 */
export function programCommand(): readonly string[] {
  const prefix = nearest('bin/outboard');
  const program = join(prefix, 'bin', 'outboard');
  return existsSync(join(prefix, 'lib/outboard/node')) ? [program] : [process.execPath, program];
}

/** Directory of the checkout that this program runs from; undefined for an installed program. */
export function checkoutDirectory(): string | undefined {
  const prefix = nearest('bin/outboard');
  return existsSync(join(prefix, 'lib/outboard/systemd')) ? undefined : prefix;
}

/** Directory of the templates of systemd unit files. */
export function unitDirectory(): string {
  const checkout = checkoutDirectory();
  if (checkout !== undefined) return join(checkout, 'packaging/systemd');
  return join(nearest('bin/outboard'), 'lib/outboard/systemd');
}

/** The nearest directory upwards with that file; the root directory if there is none. */
function nearest(file: string): string {
  let directory = here;
  while (!existsSync(join(directory, file)) && directory !== '/') directory = dirname(directory);
  return directory;
}
