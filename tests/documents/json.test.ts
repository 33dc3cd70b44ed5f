/** The JSON in the documentation parses, and its consumer accepts it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { parsePluginConfig } from '@outboard/engine';
import { makeDaemonHome } from '../support/daemon.ts';
import { type CodeBlock, pages, repository } from './pages.ts';

/** A document, with braces added to a fragment; undefined for a block of another kind. */
function documentOf({ text }: CodeBlock): string | undefined {
  if (/^\s*\{[\s\S]*\}\s*$/.test(text)) return text;
  return /^\s*"\w[\w-]*": [\s\S]*[}\]"\w]\s*$/.test(text) ? `{${text}}` : undefined;
}

const documents = pages.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language }) => ['', 'json'].includes(language))
    .flatMap((block) => {
      const json = documentOf(block);
      return json === undefined ? [] : [{ place: `${path}:${block.line}`, path, json }];
    }),
);
/** Content that a page writes into the daemon's configuration file with a shell. */
const echoed = pages.flatMap(({ path, blocks }) =>
  blocks.flatMap(({ text }) =>
    [...text.matchAll(/echo '(\{[^']*\})' > \/etc\/outboard\/daemon\.json/g)].map(([, json = '']) => ({
      path,
      json,
    })),
  ),
);

test('every JSON document parses', () => {
  assert.ok(documents.length > 1, `found ${documents.length}`);
  for (const { place, json } of documents) assert.doesNotThrow(() => JSON.parse(json), place);
  const fenced = pages.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'json'));
  for (const { text } of fenced) JSON.parse(text);
});

describe('the daemon configuration in the documentation', () => {
  const configurations = [...documents.filter(({ path }) => path === 'docs/daemon.md'), ...echoed];

  async function accept(context: TestContext, json: string): Promise<void> {
    const { home, remove } = await makeDaemonHome();
    context.after(remove);
    const file = join(home, 'daemon.json');
    await writeFile(file, json);
    // The doctor reads the file as the daemon does.
    const program = join(repository, 'bin', 'outboard');
    await promisify(execFile)(process.execPath, [program, 'daemon', 'doctor', '--config', file]);
  }

  test('is accepted by the daemon', async (context) => {
    assert.ok(configurations.length > 1, `found ${configurations.length}`);
    for (const { json } of configurations) await accept(context, json);
    await assert.rejects(accept(context, '{"bogus": 1}'), /unknown key "bogus"/);
  });
});

test('all requests of an author in config.json are parsed', () => {
  const parts = documents.filter(({ json }) => Object.hasOwn(JSON.parse(json), 'outboard'));
  assert.ok(parts.length > 0);
  for (const { place, json } of parts) {
    const config = {
      Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'p.sock' },
      Entrypoint: ['/p'],
    };
    const parsed = parsePluginConfig(Buffer.from(JSON.stringify({ ...config, ...JSON.parse(json) })));
    assert.deepEqual(parsed.findings, [], place);
  }
});
