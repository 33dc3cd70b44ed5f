/**
 * Values in a plugin's environment may be secret: inspect shows them, as in Docker; otherwise only root and the plugin
 * can read them.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginApi } from '../support/plugin-api.ts';
import { pluginArchive } from '../support/plugin-archive.ts';

const secret = 'correct-horse-battery-staple';

/** Files that hold the secret, with the modes of all parent directories below `root`. */
function filesWithSecret(
  root: string,
  directory = root,
  open = true,
): readonly { path: string; isOpen: boolean }[] {
  const isOpen = open && (statSync(directory).mode & 0o001) !== 0;
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return filesWithSecret(root, path, isOpen);
    if (!entry.isFile() || !readFileSync(path).includes(secret)) return [];
    return [{ path, isOpen: isOpen && (statSync(path).mode & 0o044) !== 0 }];
  });
}

test('D17 a secret in the environment is shown by inspect and in files of root only, not in events or logs', {
  skip: needsRoot,
}, async (context) => {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const daemon = await startDaemon({ home, args: ['--log-level', 'debug'] });
  context.after(() => daemon.end('SIGTERM'));
  const api = pluginApi(daemon.socket);
  const config = { Env: [{ Name: 'TOKEN', Description: '', Settable: ['value'], Value: '' }] };
  await api.create('acme/p', pluginArchive({ config }));
  await api.set('acme/p', `TOKEN=${secret}`);
  await api.enable('acme/p');

  const inspected = await callApi(daemon.socket, 'GET', '/plugins/acme/p/json');
  assert.match(inspected.text, new RegExp(`TOKEN=${secret}`));
  const files = [...filesWithSecret(daemon.dataRoot), ...filesWithSecret(daemon.execRoot)];
  assert.ok(files.length >= 2, `want the record and the bundle's spec: ${JSON.stringify(files)}`);
  assert.deepEqual(
    files.filter(({ isOpen }) => isOpen),
    [],
  );

  await api.disable('acme/p');
  await api.remove('acme/p');
  const now = Math.ceil(Date.now() / 1000) + 1;
  const events = await callApi(daemon.socket, 'GET', `/events?since=1&until=${now}`);
  assert.match(events.text, /"Action":"remove"/);
  assert.ok(!events.text.includes(secret), 'the events tell the secret');
  for (const line of events.text.trim().split('\n')) {
    assert.deepEqual(Object.keys(JSON.parse(line).Actor.Attributes), ['name']);
  }
  assert.ok(!daemon.log().includes(secret), 'the log tells the secret');
  assert.deepEqual([...filesWithSecret(daemon.dataRoot), ...filesWithSecret(daemon.execRoot)], []);
});
