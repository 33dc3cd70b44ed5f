/**
 * A layer is never held in memory: work on one that is larger than the bound stays below it. `npm run bench` measures the
 * same with 1 GB.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { outboard } from '../support/outboard-program.ts';
import { peakMemoryOf } from '../support/peak-memory.ts';
import { pluginConfigDocument } from '../support/plugin-fixture.ts';
import { startRegistry } from '../support/registry.ts';

const mebibyte = 1024 * 1024;
/** The layer does not compress, so that its blob is as large. */
const layerMebibytes = 256;
/** Over the idle daemon. */
const mostBytes = 150 * mebibyte;

test('creating, pushing, installing and saving a plugin with a large layer takes little memory', {
  skip: needsRoot,
}, async (context) => {
  const { home, remove } = await makeDaemonHome();
  const registry = await startRegistry();
  context.after(async () => {
    await remove();
    await registry.stop();
  });
  await writePlugin(join(home, 'plugin'));
  const daemon = await startDaemon({ home });
  const name = `${registry.host}/acme/large:v1`;
  const commands = [
    ['create', name, 'plugin'],
    ['push', name],
    ['save', name, '--output', 'large.tar'],
    ['rm', name],
    ['install', '--grant-all-permissions', '--disable', name],
    ['rm', name],
    ['install', '--grant-all-permissions', '--disable', './large.tar'],
  ];
  for (const command of commands) {
    const peak = await peakMemoryOf(daemon.pid, async () => {
      const { code, err } = await outboard(command, { cwd: home, socket: daemon.socket });
      assert.equal(code, 0, `${command.join(' ')}: ${err}`);
    });
    context.diagnostic(`${command[0]}: ${Math.round(peak / mebibyte)} MiB over idle`);
    assert.ok(peak < mostBytes, `${command.join(' ')} took ${peak} bytes over idle`);
  }
});

async function writePlugin(directory: string): Promise<void> {
  await mkdir(join(directory, 'rootfs'), { recursive: true });
  await writeFile(join(directory, 'config.json'), JSON.stringify(pluginConfigDocument()));
  const file = await open(join(directory, 'rootfs', 'large'), 'w');
  for (let count = 0; count < layerMebibytes; count++) await file.write(randomBytes(mebibyte));
  await file.close();
}
