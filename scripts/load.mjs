// `npm run load`: sets up, then measures. All options go to bench/src/load/main.ts.
import { setUpAndRun } from './set-up-and-run.mjs';

setUpAndRun('bench/src/load/main.ts');
