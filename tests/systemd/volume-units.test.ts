/**
 * The unit in docs/service.md that mounts a volume by hand, under the real systemd.
 */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { pages } from '../documents/pages.ts';
import { callApi } from '../support/daemon.ts';
import { perlPluginArchive } from '../support/perl-plugin.ts';
import { bootSystemdHost, needsSystemd, type SystemdHost } from '../support/systemd-host.ts';
import { outboard, outboardCommand, tryOutboard } from '../support/systemd-service.ts';

const skip = needsSystemd;
/** The machine's own `/usr` is read-only. */
const program = '/run/outboard-program';
const socket = '/run/outboard/outboard.sock';

let host: SystemdHost;

/** A file that the page shows, by its path in the first line. */
function shownFile(path: string): string {
  const page = pages.find((each) => each.path === 'docs/service.md');
  const block = page?.blocks.find(({ text }) => text.startsWith(`# ${path}\n`));
  assert.ok(block, `docs/service.md shows no ${path}`);
  return block.text.replaceAll('/usr/local/bin/outboard', program);
}

before(async () => {
  if (skip !== false) return;
  host = await bootSystemdHost();
  const script = `#!/bin/sh\nexec ${outboardCommand().join(' ')} "$@"\n`;
  await writeFile(host.path(program), script, { mode: 0o755 });
  await outboard(host, 'service', 'install', '--from-checkout', '--now');
  const body = perlPluginArchive('plain');
  const created = await callApi(host.path(socket), 'POST', '/plugins/create?name=rclone', { body });
  assert.equal(created.status, 204, created.text);
  await outboard(host, 'enable', 'rclone');
  await outboard(host, 'volume', 'create', '--driver', 'rclone', 'data');
  const unit = '/etc/systemd/system/web.service';
  await writeFile(host.path(unit), shownFile(unit));
  await mkdir(host.path(`${unit}.d`));
  const start = `/bin/sh -c 'echo "$$INVOCATION_ID" >> /run/web/data/starts; exec sleep infinity'`;
  await writeFile(
    host.path(`${unit}.d/program.conf`),
    `[Service]\nExecStart=\nExecStart=${start}\nProtectSystem=yes\n`,
  );
  await host.ok('systemctl', 'daemon-reload');
});

after(() => host?.[Symbol.asyncDispose]());

/** Texts of the mounts of the volume. */
async function mounts(): Promise<readonly string[]> {
  const uses = await outboard(
    host,
    'inspect',
    '--format',
    '{{range .Uses}}{{.Description}}\n{{end}}',
    'rclone',
  );
  return uses.split('\n').filter((line) => line.includes('mounted'));
}

const starts = async () => {
  const path = await outboard(host, 'volume', 'inspect', '--format', '{{.Mountpoint}}', 'data');
  return (await host.ok('cat', `${path}/starts`)).split('\n').length;
};

describe('the unit in docs/service.md that mounts a volume', { skip }, () => {
  test('writes to the volume, and is named as its holder until it stops', async () => {
    await host.ok('systemctl', 'start', 'web.service');
    const [mount, ...others] = await mounts();
    assert.match(
      mount ?? '',
      /^volume data mounted by hand for web\.service \(unit web\.service, since [^)]+\)$/,
    );
    assert.deepEqual(others, []);
    assert.equal(await starts(), 1);
    const { code, stderr } = await tryOutboard(host, 'disable', 'rclone');
    assert.equal(code, 1);
    assert.match(stderr, /is in use: .*mounted by hand for web\.service/);
    assert.match(stderr, /outboard volume unmount --holder web\.service data/);
    await host.ok('systemctl', 'stop', 'web.service');
    assert.deepEqual(await mounts(), []);
  });

  test('holds the volume once after a crash without its last command, and releases it by one stop', async () => {
    await host.ok('systemctl', 'start', 'web.service');
    // As after a crash in which the command after the stop failed.
    await writeFile(
      host.path('/etc/systemd/system/web.service.d/last.conf'),
      '[Service]\nExecStopPost=\nExecStopPost=/bin/false\n',
    );
    await host.ok('systemctl', 'daemon-reload');
    await host.run('systemctl', 'kill', '--signal=KILL', 'web.service');
    await host.run('systemctl', 'stop', 'web.service');
    assert.equal((await mounts()).length, 1);
    await host.ok('rm', '/etc/systemd/system/web.service.d/last.conf');
    await host.ok('systemctl', 'daemon-reload');
    await host.ok('systemctl', 'restart', 'web.service');
    assert.equal((await mounts()).length, 1);
    assert.equal(await starts(), 3);
    await host.ok('systemctl', 'stop', 'web.service');
    assert.deepEqual(await mounts(), []);
  });
});
