// `npm run check-registry REF`: sets up, then examines a registry. All arguments go to `outboard check-registry`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const setup = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, stdio: ['inherit', 2, 2] });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const program = join(root, 'bin', 'outboard');
const { status } = spawnSync(program, ['check-registry', ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
