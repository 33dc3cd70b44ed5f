/**
 * Docker Engine uses managed plugins of other kinds than volume plugins through the gateway: authorization, logs, networks
 * and addresses.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pollUntil } from '@outboard/async';
import { authorizationPlugin } from '../support/authorization-plugin.ts';
import { callApi } from '../support/daemon.ts';
import { busyboxImage, needsDockerEngine } from '../support/docker-engine.ts';
import { type DockerHost, openDockerHost } from '../support/docker-host.ts';
import { logPlugin } from '../support/log-plugin.ts';
import { networkPlugin, testSubnet } from '../support/network-plugin.ts';
import { pluginArchive } from '../support/plugin-archive.ts';

const program = fileURLToPath(new URL('../../bin/outboard', import.meta.url));

describe('managed plugins of other kinds in Docker Engine', { skip: needsDockerEngine }, () => {
  let host: DockerHost;

  before(async () => {
    host = await openDockerHost({
      plugins: {
        'acme/policy': pluginArchive(authorizationPlugin),
        'acme/lines': pluginArchive(logPlugin),
        'acme/net': pluginArchive(networkPlugin),
      },
      engineArgs: ['--authorization-plugin', 'policy'],
    });
  });
  after(() => host[Symbol.asyncDispose]());

  const docker = (...args: readonly string[]) => host.engine.docker.succeed(...args);
  const outboard = (...args: readonly string[]) =>
    promisify(execFile)(program, ['-H', `unix://${host.daemon.socket}`, ...args]);
  /** @param fault of the authorization plugin */
  const call = (path: string, options: { fault?: string; body?: unknown } = {}) =>
    callApi(host.engine.socket, options.body === undefined ? 'GET' : 'POST', path, {
      headers: {
        'content-type': 'application/json',
        ...(options.fault && { 'X-Fault': options.fault }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });

  /** Wait until the uses of the log driver are so; they change after the answers that end them. */
  const untilUsed = (wanted: RegExp) =>
    pollUntil(
      async () => {
        const { text } = await callApi(host.daemon.socket, 'GET', '/outboard/v1/plugins/acme/lines/uses');
        const uses: { Uses: readonly { Description: string }[] } = JSON.parse(text);
        return wanted.test(uses.Uses.map(({ Description }) => Description).join('\n'));
      },
      { timeoutMs: 30_000 },
    );

  it('an authorization plugin allows and denies requests to the engine', async () => {
    assert.equal((await call('/version')).status, 200);
    const denied = await call('/plugins/p/set', { body: ['DEBUG=1'] });
    assert.equal(denied.status, 403);
    assert.match(denied.text, /authorization denied by plugin policy: DEBUG stays off/);
    const answer = await call('/version', { fault: 'keep-answer' });
    assert.equal(answer.status, 403);
    assert.match(answer.text, /the answer is secret/);
  });

  it('a request is denied in time when the authorization plugin hangs or dies, and the next one is decided', async () => {
    await outboard('update', '--gateway-timeout', '1s', 'acme/policy');
    for (const fault of ['hang', 'nonsense']) {
      const denied = await call('/version', { fault });
      assert.ok(denied.status >= 400, `${fault}: ${denied.status}`);
      assert.match(denied.text, /plugin policy failed with error/);
      assert.equal((await call('/version')).status, 200);
    }
    await outboard('update', '--gateway-timeout', 'default', 'acme/policy');
    // The connection is lost, and the engine calls again while the plugin restarts.
    assert.equal((await call('/version', { fault: 'die' })).status, 200);
  });

  it('a log driver gets the output of a container, and gives it back', async () => {
    const run = [
      'run',
      '--log-driver',
      'lines',
      '--network=none',
      '--name',
      'talker',
      '--detach',
      busyboxImage,
    ];
    await docker(...run, 'sh', '-c', 'echo one; mkfifo /go; read line < /go; echo two');
    const followed = docker('logs', '--follow', 'talker');
    assert.ok(
      await untilUsed(
        /log [0-9a-f]{12}… written by dockerd \(pid \d+.*stream LogDriver\.ReadLogs to dockerd \(pid/s,
      ),
    );
    await assert.rejects(
      outboard('disable', 'acme/lines'),
      /is in use: log \S+ written by dockerd .*, stream Log/,
    );
    // The container ends at once, and may end this command with it.
    await host.engine.docker.run(['exec', 'talker', 'sh', '-c', 'echo > /go']);
    assert.equal(await followed, 'one\ntwo\n');
    assert.equal(await docker('logs', 'talker'), 'one\ntwo\n');
    await docker('rm', 'talker');
    assert.ok(await untilUsed(/^$/));
    const [id = ''] = await readdir(join(host.home, 'logging'));
    assert.deepEqual(await readdir(join(host.home, 'logging', id)), [], 'a FIFO is left in the container');
    await outboard('disable', 'acme/lines');
  });

  it('a network and its addresses come from plugins', async () => {
    await docker('network', 'create', '--driver', 'net', '--ipam-driver', 'net', 'lan');
    const [inspected] = JSON.parse(await docker('network', 'inspect', 'lan'));
    assert.deepEqual([inspected.Driver, inspected.IPAM.Driver], ['net', 'net']);
    const run = ['run', '--rm', '--network', 'lan', '--log-driver', 'none', busyboxImage];
    const output = await docker(
      ...run,
      'sh',
      '-c',
      `ip -4 address show eth0; ping -c 1 ${testSubnet.gateway}`,
    );
    assert.match(output, new RegExp(`inet ${testSubnet.first}/24`));
    assert.match(output, /1 packets received/);
    await docker('network', 'rm', 'lan');
  });
});
