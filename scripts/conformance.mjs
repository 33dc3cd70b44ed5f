// `npm run conformance`: sets up, then runs the conformance suite. All options go to tests/conformance/engine-api/main.ts.
import { setUpAndRun } from './set-up-and-run.mjs';

// Output of the set-up would precede the suite's JSON.
setUpAndRun('tests/conformance/engine-api/main.ts', { isQuiet: true });
