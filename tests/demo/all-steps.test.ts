/**
 * The demo is the first program that people run: it must work, and leave their machine unchanged.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { runDemo } from '../support/run-demo.ts';

const skip = needsRoot;

test('the demo runs all steps, keeps its plugin on request, and stops it on request', {
  skip,
}, async () => {
  const kept = await runDemo(['--keep']);
  const directory = /All is below (\S+),/.exec(kept.output)?.[1];
  const stopped = await runDemo(['--stop', directory ?? 'no directory named']);
  assert.equal(kept.code, 0, kept.output);
  assert.match(
    kept.output,
    /with outboard\n[\s\S]*podman run [\s\S]*read on the host[\s\S]*read in the plugin[\s\S]*Disable it and remove it/,
  );
  assert.match(kept.output, new RegExp(`npm run demo -- --stop ${directory}`));
  assert.equal(stopped.code, 0, stopped.output);
  assert.match(stopped.output, /^left behind: nothing$/m);
});

test('the demo reports that there is nothing to stop', { skip }, async () => {
  const { code, output } = await runDemo(['--stop', '/nonexistent']);
  assert.equal(code, 1);
  assert.match(output, /"\/nonexistent" is no directory that --keep left/);
});
