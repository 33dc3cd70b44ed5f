// `npm run check-registry REF`: sets up, then examines a registry. All arguments go to `outboard check-registry`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUpOrExit } from './set-up-and-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
setUpOrExit({ isQuiet: true });
const program = join(root, 'bin', 'outboard');
const { status } = spawnSync(program, ['check-registry', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
