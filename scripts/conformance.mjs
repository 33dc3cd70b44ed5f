// `npm run conformance`: sets up, then runs the conformance suite. All options go to tests/conformance/engine-api/main.ts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Output of the set-up would precede the suite's JSON.
const setup = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, stdio: ['inherit', 2, 2] });
if (setup.status !== 0) process.exit(setup.status ?? 1);
const suite = spawnSync(
  process.execPath,
  ['--import', 'tsx', 'tests/conformance/engine-api/main.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
process.exit(suite.status ?? 1);
