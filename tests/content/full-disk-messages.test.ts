/**
 * A disk that fills up during an installation: error and log name the file system, its free space and the space that is
 * needed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import pino from 'pino';
import { callApi, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginContext } from '../support/plugin-archive.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { mountSmallTmpfs } from '../support/small-tmpfs.ts';
import { openTestEngine } from '../support/test-engine.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

describe('an install on a disk that fills up', { skip: needsRoot }, () => {
  let registry: TestRegistry;
  /** Large when stored, or large only when unpacked. */
  const remotes = { stored: '', unpacked: '' };

  before(async () => {
    registry = await startRegistry();
    await using opened = await openTestEngine();
    for (const [what, content] of [
      ['stored', randomBytes(8 * mebibyte)],
      ['unpacked', Buffer.alloc(16 * mebibyte)],
    ] as const) {
      const name = `${registry.host}/acme/${what}:v1`;
      remotes[what] = name;
      await opened.engine.create({ name, context: pluginContext({ entries: [{ name: 'data', content }] }) });
      await opened.engine.push({ plugin: name });
    }
  });
  after(() => registry?.stop());

  async function openSmall(context: TestContext) {
    const disk = await mountSmallTmpfs({ bytes: 6 * mebibyte });
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: 'error' }, { write: (line) => lines.push(JSON.parse(line)) });
    const dataRoot = join(disk.path, 'data');
    const opened = await openTestEngine({ logger, dataRoot });
    context.after(async () => {
      await opened[Symbol.asyncDispose]();
      await disk[Symbol.asyncDispose]();
    });
    return { engine: opened.engine, dataRoot, lines };
  }

  const free = String.raw`has \d\.\d MiB of 6\.0 MiB free, now that what was written is deleted`;

  for (const what of ['stored', 'unpacked'] as const) {
    it(`names file system, free and required space: pull of a plugin too large when ${what}`, async (context) => {
      const { engine, dataRoot, lines } = await openSmall(context);
      const remote = remotes[what];
      const privileges = await engine.privileges(remote);
      await assert.rejects(engine.pull({ remote, privileges }), ({ kind, code, message }) => {
        assert.deepEqual([kind, code], ['system', 'no-space']);
        assert.ok(
          message.startsWith(`no space left on device: the file system of the data root "${dataRoot}" `),
        );
        assert.match(message, new RegExp(free));
        const layers = what === 'stored' ? '8.0' : '0.0';
        assert.ok(message.includes(`plugin ${remote}; its layers alone take ${layers} MiB, unpacked more: `));
        if (what === 'unpacked')
          assert.match(message, /: in the plugin's root filesystem: cannot write "\/data": /);
        assert.equal(lines.find((line) => line.msg === message)?.plugin, remote);
        return true;
      });
    });
  }

  it('names the file system: create', async (context) => {
    const { engine, dataRoot, lines } = await openSmall(context);
    const entries = [{ name: 'usr/bin/node', content: randomBytes(8 * mebibyte) }];
    await assert.rejects(
      engine.create({ name: 'acme/large', context: pluginContext({ entries }) }),
      ({ message }) => {
        assert.ok(
          message.startsWith(`no space left on device: the file system of the data root "${dataRoot}" `),
        );
        assert.match(message, /too little for plugin acme\/large: /);
        assert.equal(lines.at(-1)?.msg, message);
        return true;
      },
    );
  });

  it('names the file system: upgrade', async (context) => {
    const { engine, dataRoot } = await openSmall(context);
    await engine.create({ name: 'small', context: pluginContext() });
    const remote = remotes.unpacked;
    const privileges = await engine.privileges(remote);
    await assert.rejects(engine.upgrade({ plugin: 'small', remote, privileges }), ({ message }) => {
      assert.ok(
        message.startsWith(`no space left on device: the file system of the data root "${dataRoot}" `),
      );
      return true;
    });
  });

  it('is reported in the stream of a pull and in the log of the daemon', async () => {
    await using disk = await mountSmallTmpfs({ bytes: 6 * mebibyte });
    const daemon = await startDaemon({ home: disk.path });
    try {
      await pullIntoFull(daemon);
    } finally {
      await daemon.end('SIGTERM');
    }
  });

  async function pullIntoFull(daemon: TestDaemon): Promise<void> {
    const remote = encodeURIComponent(remotes.unpacked);
    const privileges = await callApi(daemon.socket, 'GET', `/plugins/privileges?remote=${remote}`);
    const pulled = await callApi(daemon.socket, 'POST', `/plugins/pull?remote=${remote}&name=large`, {
      headers: { 'content-type': 'application/json' },
      body: privileges.text,
    });
    const last = JSON.parse(pulled.text.trim().split('\n').at(-1) ?? '');
    assert.match(last.error, /^no space left on device: the file system of the data root /);
    await daemon.untilLogged(/no space left on device: the file system of the data root/);
    await daemon.untilLogged(/"path":"\/plugins\/pull","status":200.*"reason":"no space left on device/);
  }
});

it('names the path, the reason and a remedy: a disk that became read-only', { skip: needsRoot }, async () => {
  await using disk = await mountSmallTmpfs({ bytes: 6 * mebibyte });
  const daemon = await startDaemon({ home: disk.path });
  const remount = (mode: 'ro' | 'rw') => run('mount', ['-o', `remount,${mode}`, disk.path]);
  try {
    await remount('ro');
    const { status, text } = await callApi(daemon.socket, 'POST', '/plugins/create?name=x', {
      headers: { 'content-type': 'application/x-tar' },
      body: Buffer.alloc(1024),
    });
    assert.equal(status, 500);
    const { message } = JSON.parse(text);
    assert.match(
      message,
      /^cannot make directory (?:at )?"[^"]+": EROFS, the file system is read-only: .*mount -o remount,rw$/,
    );
    await daemon.untilLogged(/"level":50,.*EROFS, the file system is read-only/);
  } finally {
    await remount('rw');
    await daemon.end('SIGTERM');
  }
});
