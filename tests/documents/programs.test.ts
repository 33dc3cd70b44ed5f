/** The programs in the documentation: each is a file here, which is type-checked, and runs as the page shows it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { openPluginEngine } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { pluginArchive } from '../support/plugin-archive.ts';
import { startRegistry } from '../support/registry.ts';
import { volumePlugin } from '../support/volume-plugin.ts';
import { pages, repository } from './pages.ts';

/**
 * Pages with programs, and the file that holds each. Those of plugin-protocols.md run with the plugin of every protocol,
 * those of the other packages' READMEs in `package-examples.test.ts`.
 */
const programs = {
  'README.md': 'readme',
  'docs/volumes.md': 'volumes',
  'packages/sdk/README.md': 'sdk',
} as const;
const isElsewhere = (page: string) =>
  page === 'docs/plugin-protocols.md' || (page.startsWith('packages/') && !Object.hasOwn(programs, page));

const source = (name: string) => readFileSync(new URL(`programs/${name}.ts`, import.meta.url), 'utf8');

/** Run JavaScript as Node.js itself reads it, without a transform of newer syntax. */
async function runProgram(code: string, ...prefix: readonly string[]): Promise<string> {
  const node = [process.execPath, '--import=tsx', '--input-type=module'];
  const [file = '', ...args] = [...prefix, ...node, '--eval', code];
  return (await promisify(execFile)(file, args, { cwd: join(repository, 'tests') })).stdout;
}

async function openHome(context: TestContext) {
  const { home, remove } = await makeDaemonHome();
  context.after(remove);
  const roots = { dataRoot: join(home, 'data'), execRoot: join(home, 'run') };
  const there = (code: string) =>
    code.replaceAll('/var/lib/outboard', roots.dataRoot).replaceAll('/run/outboard', roots.execRoot);
  return { roots, there };
}

test('every program on a page equals a tested one, word for word', () => {
  const languages = ['ts', 'js', 'javascript', 'typescript', 'mjs'];
  const blocks = pages.flatMap((page) => page.blocks.filter(({ language }) => languages.includes(language)));
  const shown = blocks.filter(({ page }) => !isElsewhere(page));
  assert.deepEqual(
    shown.map(({ page, text }) => [page, text]).toSorted(),
    Object.entries(programs)
      .map(([page, name]) => [page, source(name)])
      .toSorted(),
  );
  const indented = pages.flatMap((page) => page.blocks.filter(({ language }) => language === ''));
  assert.deepEqual(
    indented.filter(({ text }) => /^(import|const|await) /m.test(text)).map(({ page }) => page),
    [],
    'a program belongs into a fence, where its language is said',
  );
});

describe('the programs in the documentation', { skip: needsRoot }, () => {
  test('README: the program installs a plugin and leaves it running', async (context) => {
    const registry = await startRegistry();
    context.after(() => registry.stop());
    const { roots, there } = await openHome(context);
    const remote = `${registry.host}/acme/sshfs:v1`;
    const env = [{ Name: 'DEBUG', Description: '', Value: '0', Settable: ['value'] }];
    const author = await openPluginEngine(roots);
    await author.create({ name: remote, context: Readable.from([pluginArchive({ config: { Env: env } })]) });
    await author.push({ plugin: remote });
    await author.remove(remote);
    await author.close();

    await runProgram(there(source('readme')).replaceAll('vieux/sshfs', remote));
    const engine = await openPluginEngine(roots);
    try {
      assert.deepEqual(engine.inspect(remote).settings.env, ['DEBUG=1']);
      assert.equal(engine.state(remote).status, 'running');
    } finally {
      await engine.remove(remote, { force: true });
      await engine.close();
    }
  });

  test('docs/volumes.md: the program creates a volume and gets its path', async (context) => {
    const { roots, there } = await openHome(context);
    const author = await openPluginEngine(roots);
    await author.create({ name: 'acme/local', context: Readable.from([pluginArchive(volumePlugin)]) });
    await author.enable('acme/local');
    await author.close();
    try {
      const path = (await runProgram(there(source('volumes')))).trim();
      assert.match(path, new RegExp(`^${roots.dataRoot}/plugins/[0-9a-f]{64}/propagated-mount/data$`));
    } finally {
      const engine = await openPluginEngine(roots);
      await engine.remove('acme/local', { force: true });
      await engine.close();
    }
  });

  test('packages/sdk/README.md: the plugin serves on its socket', async () => {
    const ask = `
      import { request } from 'node:http';
      import { text } from 'node:stream/consumers';
      await import('./documents/programs/sdk.ts');
      for (const [path, body] of [['/Plugin.Activate', ''], ['/VolumeDriver.Create', '{"Name":"a/../b"}'], ['/VolumeDriver.List', '']]) {
        const answer = await new Promise((resolve) =>
          request({ socketPath: '/run/docker/plugins/acme.sock', method: 'POST', path }, resolve).end(body),
        );
        process.stdout.write((await text(answer)).trim() + '\\n');
      }
      process.kill(process.pid, 'SIGTERM');
    `;
    const own = 'mount -t tmpfs none /run && mount -t tmpfs none /mnt && mkdir /mnt/volumes && exec "$@"';
    const output = await runProgram(
      ask,
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      own,
      'sh',
    );
    const [activated, created, listed] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(activated, { Implements: ['VolumeDriver'] });
    assert.equal(created.Err ?? '', '');
    assert.deepEqual(
      listed.Volumes.map(({ Name }: { Name: string }) => Name),
      ['a/../b'],
    );
  });
});
