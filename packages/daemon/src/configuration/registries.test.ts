import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { checkRegistries } from '../host/registries-check.ts';
import { withDefaults } from './configuration.ts';
import { openRegistries } from './registries.ts';
import { reloadParts } from './reload.ts';

/** Settings with files in a directory of the test, and the log. */
async function prepare(context: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'outboard-registries-'));
  context.after(() => rm(home, { recursive: true }));
  await mkdir(join(home, 'registries.d'));
  const configuration = withDefaults({
    'registries-dir': join(home, 'registries.d'),
    'registries-conf': join(home, 'registries.conf'),
  });
  const messages: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => messages.push(JSON.parse(line).msg) });
  const write = (text: string) => writeFile(join(home, 'registries.d', 'a.json'), text);
  return { home, configuration, logger, messages, write };
}

const blocking = '{"evil.example": {"blocked": true}}';

test('a reload reads the files of registries again, and keeps the old ones if they are wrong', async (context) => {
  const { configuration, logger, write } = await prepare(context);
  const registries = await openRegistries(configuration, {}, logger);
  const reload = () => reloadParts([registries], { before: configuration, next: configuration }, logger);
  const isBlocked = () => registries.current().hostRules('evil.example').blockedBy !== undefined;
  assert.equal(isBlocked(), false);
  await write(blocking);
  await reload();
  assert.equal(isBlocked(), true);
  await write('{"evil.example": {"blocked": false');
  await assert.rejects(reload(), { kind: 'invalid', message: /a.json" line 1: invalid JSON/ });
  assert.equal(isBlocked(), true);
  await write('{}');
  await reload();
  assert.equal(isBlocked(), false);
});

test('a daemon does not start with a file of registries that is wrong', async (context) => {
  const { configuration, logger, write } = await prepare(context);
  await write('{"a.example": {"mirors": []}}');
  await assert.rejects(openRegistries(configuration, {}, logger), {
    message: /a.json" line 1: entry "a.example": unknown key "mirors": did you mean "mirrors"\?$/,
  });
});

test('proxies are those of the settings, or else of the environment', async (context) => {
  const { configuration, logger } = await prepare(context);
  const env = { HTTP_PROXY: 'http://env.lan:1', https_proxy: 'http://env.lan:2', NO_PROXY: 'x' };
  const shown = async (given: object) =>
    (await openRegistries({ ...configuration, ...given }, env, logger)).current().proxies.shown;
  assert.deepEqual(await shown({}), {
    httpProxy: 'http://env.lan:1',
    httpsProxy: 'http://env.lan:2',
    noProxy: 'x',
  });
  assert.deepEqual(await shown({ 'http-proxy': '', 'https-proxy': 'own.lan:3', 'no-proxy': '' }), {
    httpProxy: '',
    httpsProxy: 'own.lan:3',
    noProxy: '',
  });
});

test("settings of Podman's files that do not apply are logged, and told by the doctor", async (context) => {
  const { home, configuration, logger, messages } = await prepare(context);
  await writeFile(join(home, 'registries.conf'), 'unqualified-search-registries = ["quay.io"]');
  const settings = {
    ...configuration,
    'https-proxy': 'http://u:secret@p.lan',
    'registry-mirrors': ['https://m.lan'],
  };
  const registries = await openRegistries(settings, {}, logger);
  assert.match(
    messages.join('\n'),
    /^not applied: unqualified-search-registries of ".*registries.conf": a name/m,
  );
  const { status, message } = checkRegistries(registries.current());
  assert.equal(status, 'ok');
  assert.match(
    message,
    /^configured by \S+registries.conf; mirrors of Docker Hub: https:\/\/m.lan\/; through the proxy http:\/\/xxxxx:xxxxx@p.lan; not applied: unqualified/,
  );
});
