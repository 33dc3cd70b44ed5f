/**
 * Hosts without the files that every plugin with a network receives.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needsRoot } from '../support/needs-root.ts';

const run = promisify(execFile);

/** A plugin that shows its /etc, started by an engine on a host without name resolution. */
const program = `
  import { openTestEngine } from './tests/support/test-engine.ts';
  import { startProbePlugin } from './tests/support/probe-plugin.ts';
  const opened = await openTestEngine();
  try {
    const plugin = await startProbePlugin(opened, 'probe', { config: { Network: { Type: 'host' } } });
    const found = await opened.engine.preflight('probe');
    console.log(JSON.stringify({
      etc: await plugin.shell('ls /etc; grep -c " /etc/" /proc/self/mounts; true'),
      findings: found.map(({ what, isFatal }) => [what, isFatal]),
    }));
  } finally {
    await opened[Symbol.asyncDispose]();
  }
`;

test('a plugin starts without /etc/resolv.conf, or with a dangling link there, and preflight reports it', {
  skip: needsRoot,
}, async () => {
  // In a mount namespace of its own, over a copy of /etc.
  const script = `
    set -e
    mount -t tmpfs copy /mnt
    cp -a /etc /mnt/etc
    rm -f /mnt/etc/hosts /mnt/etc/resolv.conf
    ln -s /run/outboard-none/resolv.conf /mnt/etc/resolv.conf
    mount --bind /mnt/etc /etc
    exec "$0" --import=tsx --input-type=module --eval "$1"`;
  const { stdout } = await run('unshare', ['--mount', 'sh', '-c', script, process.execPath, program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  const { etc, findings } = JSON.parse(stdout);
  assert.equal(etc.trim(), '0', 'nothing is mounted in its /etc');
  assert.deepEqual(findings, [
    ['/etc/hosts', false],
    ['/etc/resolv.conf', false],
  ]);
});
