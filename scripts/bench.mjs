// `npm run bench`: sets up, then measures. All options go to bench/src/main.ts.
import { setUpAndRun } from './set-up-and-run.mjs';

setUpAndRun('bench/src/main.ts');
