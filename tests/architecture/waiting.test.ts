/**
 * Promises, signals and time limits are made by hand in `packages/async` only: that is where a race that leaks a listener
 * or a timer is found once, and mended once.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSources } from './source-imports.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const directories = ['packages', 'bin', 'examples'];
const home = 'packages/async/src/';
const isTest = (path: string) => /\.test\.|\.support\.|\/testing\//.test(path);

interface Rule {
  /** The construct as it stands in code. */
  readonly construct: string;
  /** The functions of `@outboard/async` to use in its place. */
  readonly instead: string;
  /** Files that may have it, each with the reason. One that has it no more fails. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const rules: readonly Rule[] = [
  { construct: 'new Promise', instead: 'withResolvers() or fromCallback()', exceptions: {} },
  {
    construct: "addEventListener('abort'",
    instead: 'onAbort(), rejectOnAbort() or joinSignals()',
    exceptions: {
      'packages/cli/src/commands/exec.ts':
        'the command line imports no package of ours but the archive codec',
      'packages/sdk/src/server/stop-request.ts': 'the SDK imports no package',
    },
  },
  { construct: 'AbortSignal.any', instead: 'joinSignals()', exceptions: {} },
  {
    construct: 'Promise.race',
    instead: 'rejectOnAbort(), resolveOnAbort() or settlesWithin()',
    exceptions: {
      'packages/engine/src/supervise/launch-plugin.ts': 'the socket accepts, or the container ends',
      'packages/engine/src/supervise/watch-container.ts': 'the container ends, or is to be ended',
      'packages/cli/src/client/engine-client.ts': 'the command line imports no package of ours but the codec',
      'packages/cli/src/commands/doctor.ts':
        'the command line imports no package of ours but the archive codec',
      'packages/cli/src/terminal/ask-text.ts': 'the command line imports no package of ours but the codec',
      'packages/cli/src/terminal/confirm.ts': 'the command line imports no package of ours but the codec',
      'packages/sdk/src/settles-within.ts': 'the SDK imports no package',
    },
  },
];

for (const { construct, instead, exceptions } of rules) {
  test(`only packages/async and named exceptions use ${construct}: others use ${instead}`, async () => {
    const found: string[] = [];
    for (const directory of directories) {
      for (const { path } of await readSources(repository, directory)) {
        if (isTest(path) || path.startsWith(home)) continue;
        const code = withoutComments(await readFile(join(repository, path), 'utf8'));
        if (code.includes(construct)) found.push(path);
      }
    }
    assert.deepEqual(found.sort(), Object.keys(exceptions).sort());
  });
}

test('the rules do not count comments', () => {
  assert.equal(withoutComments('/** new Promise */\na(); // new Promise\n'), '\na(); \n');
});

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}
