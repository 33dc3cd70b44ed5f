/**
 * The demo is the first program that people run: it must work, and leave their machine unchanged.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));
const skip = process.getuid?.() === 0 ? false : 'the demo starts containers, which takes root';

interface DemoRun {
  readonly code: number | null;
  readonly output: string;
}

/** Run the demo. @param onOutput called with all output so far, whenever some arrives */
async function runDemo(
  args: readonly string[],
  onOutput: (output: string, interrupt: () => void) => void = () => undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<DemoRun> {
  const child = spawn(process.execPath, [demo, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const interrupt = (): void => {
    child.kill('SIGINT');
  };
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(output, interrupt);
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, output };
}

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
  const child = spawn(process.execPath, [demo], { stdio: ['ignore', 'pipe', 'ignore'] });
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

test('the demo reports that there is nothing to stop', { skip }, async () => {
  const { code, output } = await runDemo(['--stop', '/nonexistent']);
  assert.equal(code, 1);
  assert.match(output, /"\/nonexistent" is no directory that --keep left/);
});
