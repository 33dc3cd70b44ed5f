/**
 * Runs in the virtual machine of `npm run test:host`, before and after a reboot: the service starts with the host and
 * answers at once, and starts every enabled plugin beside the others.
 *
 * usage: node reboot.mjs before|after
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { callApi } from '../support/daemon.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { fixtureSocket } from '../support/plugin-fixture.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));
const socket = '/run/outboard/outboard.sock';
const names = ['first', 'second', 'third'] as const;
const settleMs = 300_000;

/** On the host; plugins wait for it before they listen. */
const gate = '/run/outboard-gate';

/** Waits in Perl, which starts fast; its answer to the handshake is that of a volume driver. */
const script = `
use strict;
use IO::Socket::UNIX;
$SIG{TERM} = sub { exit 0 };
select undef, undef, undef, 0.05 until -e '/host-run/outboard-gate';
my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/${fixtureSocket}', Listen => 8) or die $!;
while (my $client = $server->accept) {
  my $head = '';
  1 while $head !~ /\\r\\n\\r\\n/ and sysread $client, $head, 4096, length $head;
  my $answer = '{"Implements":["VolumeDriver"]}';
  printf $client "HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n%s", length $answer, $answer;
  close $client;
}
`;

const archive = () =>
  pluginArchive({
    script: '',
    files: { '/plugin.pl': script, '/host-run/.keep': '' },
    config: {
      Entrypoint: ['/usr/bin/perl', '/plugin.pl'],
      Mounts: [
        {
          Name: 'run',
          Description: '',
          Source: '/run',
          Destination: '/host-run',
          Type: 'bind',
          Options: ['rbind', 'ro'],
          Settable: null,
        },
      ],
    },
  });

interface PluginDetails {
  readonly Enabled: boolean;
  readonly State?: { readonly Status: string; readonly Pid?: number };
}

async function detailsOf(name: string): Promise<PluginDetails> {
  return JSON.parse((await callApi(socket, 'GET', `/outboard/v1/plugins/${name}/json`)).text);
}

async function runOutboard(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [program, ...args]);
}

async function beforeReboot(): Promise<void> {
  writeFileSync(gate, '');
  await runOutboard('service', 'install', '--from-checkout', '--now');
  const api = pluginApi(socket);
  for (const name of [...names, 'disabled']) await api.create(name, archive());
  for (const name of names) await api.enable(name);
}

async function afterReboot(): Promise<void> {
  rmSync(gate, { force: true });
  // The API answers, and all programs run while no plugin is ready: none waits for another.
  await untilAll(({ State }) => State?.Status === 'starting');
  await untilPrograms(names.length);
  const seen = await Promise.all(names.map(detailsOf));
  assert.deepEqual(new Set(seen.map(({ State }) => State?.Status)), new Set(['starting']));
  const disabled = await detailsOf('disabled');
  assert.equal(disabled.Enabled, false);
  writeFileSync(gate, '');
  await untilAll(({ State }) => State?.Status === 'running');
}

/** Wait until so many plugins run their program. */
async function untilPrograms(count: number): Promise<void> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args=']);
    const running = stdout.split('\n').filter((line) => line.startsWith('/usr/bin/perl /plugin.pl'));
    if (running.length === count) return;
    if (performance.now() > deadline)
      throw new Error(`${running.length} programs of plugins run, not ${count}`);
    await delay(100);
  }
}

/** Wait until all plugins are so, at the same time. */
async function untilAll(accept: (details: PluginDetails) => boolean): Promise<readonly PluginDetails[]> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const seen = await Promise.all(names.map(detailsOf));
    if (seen.every(accept)) return seen;
    if (performance.now() > deadline) throw new Error(`the plugins are ${JSON.stringify(seen)}`);
    await delay(100);
  }
}

await (process.argv[2] === 'after' ? afterReboot() : beforeReboot());
