/**
 * `outboard service` on a host without systemd: in a mount namespace without its directories, with an empty /etc.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { needsRoot } from '../support/needs-root.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

/** @returns output of the commands, line by line; `rc N` is the exit code of the command before */
async function runThere(commands: string): Promise<readonly string[]> {
  const script = `
    set -e
    groups=$(cat /etc/group)
    mount -t tmpfs none /etc
    echo "$groups" > /etc/group
    mount -t tmpfs none /run
    set +e
    outboard() { "$NODE" "$PROGRAM" "$@"; echo "rc $?"; }
    units() { find /etc/systemd/system -mindepth 1 -not -type d -printf '%P\\n' | sort; }
    exec 2>&1
    ${commands}
  `;
  const env = { PATH: process.env.PATH, NODE: process.execPath, PROGRAM: program };
  const args = ['--mount', '--propagation', 'private', '--', 'bash', '-c', script];
  return (await promisify(execFile)('unshare', args, { env })).stdout.trimEnd().split('\n');
}

describe('outboard service without a running systemd', { skip: needsRoot }, () => {
  test('install --now writes the units, and reports that nothing was started, and the next step', async () => {
    const lines = await runThere('outboard service install --from-checkout --now; units');
    const said = lines.find((line) => line.startsWith('this host does not run systemd'));
    assert.match(
      said ?? '',
      /the units are written and take effect once it does.*start the daemon with: outboard daemon/,
    );
    assert.deepEqual(lines.slice(-3), ['rc 1', 'outboard.service', 'outboard.socket']);
    assert.doesNotMatch(lines.join('\n'), /Command failed|systemctl/);
  });

  test('install without --now succeeds with the same report', async () => {
    const lines = await runThere('outboard service install --from-checkout; units');
    assert.match(
      lines.join('\n'),
      /\nthis host does not run systemd; the units are written.*\nrc 0\noutboard\.service\noutboard\.socket$/,
    );
  });

  test('uninstall removes the units and their links, and succeeds a second time', async () => {
    const wants = '/etc/systemd/system/multi-user.target.wants';
    const lines = await runThere(`
      outboard service install --from-checkout > /dev/null
      mkdir -p ${wants}
      ln -s ../outboard.service ${wants}/outboard.service
      outboard service uninstall
      units
      outboard service uninstall
    `);
    assert.deepEqual(
      lines.map((line) => line.replace(/;.*/, '')),
      [
        'removed /etc/systemd/system/outboard.service',
        'removed /etc/systemd/system/outboard.socket',
        'this host does not run systemd',
        'rc 0',
        'this host does not run systemd',
        'rc 0',
      ],
    );
  });
});
