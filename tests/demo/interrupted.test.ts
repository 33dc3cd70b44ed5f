/**
 * A demo that cannot go on as planned says so, and leaves the machine unchanged.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsRoot } from '../support/needs-root.ts';
import { demoProgram, runDemo } from '../support/run-demo.ts';

const skip = needsRoot;

test('where Podman cannot run containers, the demo says why and uses a volume in a container of the OCI runtime', {
  skip,
}, async () => {
  const programs = await mkdtemp(join(tmpdir(), 'outboard-podman-'));
  await writeFile(join(programs, 'podman'), '#!/bin/sh\necho "Error: no namespaces here" >&2\nexit 125\n', {
    mode: 0o755,
  });
  let isInterrupted = false;
  const { output } = await runDemo(
    [],
    (soFar, interrupt) => {
      // The rest is the same as with Podman.
      if (isInterrupted || !/Read the data in another container[\s\S]*took/.test(soFar)) return;
      isInterrupted = true;
      interrupt();
    },
    { PATH: `${programs}:${process.env.PATH ?? ''}` },
  );
  await rm(programs, { recursive: true });
  assert.match(output, /Podman cannot run containers here: Error: no namespaces here\n/);
  assert.match(
    output,
    /VolumeDriver\.Mount .*\n +\$ (?:runc|crun) run: [\s\S]*read on the host[\s\S]*hello from a container\n/,
  );
  assert.match(output, /^left behind: nothing$/m);
});

test('the demo cleans up after Ctrl-C in the middle', { skip }, async () => {
  let isInterrupted = false;
  const { code, output } = await runDemo([], (soFar, interrupt) => {
    // Once: a second signal, at the very end, would find no handler.
    if (isInterrupted || !/Send it to the registry/.test(soFar)) return;
    isInterrupted = true;
    interrupt();
  });
  assert.equal(code, 1, output);
  assert.match(output, /^demo: stopped by SIGINT$/m);
  assert.match(output, /^left behind: nothing$/m);
});

test('the demo cleans up when its output is closed', { skip }, async () => {
  const child = spawn(process.execPath, [demoProgram], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (/Start the daemon\n[\s\S]*took/.test(output)) child.stdout.destroy();
  });
  await once(child, 'exit');
  assert.equal(child.exitCode, 1);
  const directory = /All is below (\S+),/.exec(output)?.[1];
  assert.ok(directory !== undefined);
  await assert.rejects(stat(directory), { code: 'ENOENT' });
});
