import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Option } from 'commander';
import { commandTable } from './command-table.ts';
import { manualPages } from './manual-pages.ts';
import { run } from './testing/run-command.ts';

const daemon = {
  options: [new Option('--data-root <directory>', 'directory of plugins')],
  settings: [
    { key: 'data-root', help: 'directory of plugins', defaultText: '/var/lib/outboard', isReloadable: false },
    { key: 'tlscert', help: 'certificate', isReloadable: true },
  ],
};
const pages = new Map(
  manualPages(daemon, '2026-01-31').map(({ file, text }) => [file, text.replaceAll(/\\f[BIR]|\\&/g, '')]),
);
const commands = commandTable
  .filter(({ hidden }) => hidden !== true)
  .flatMap((row) => [
    [row.name],
    ...('commands' in row ? row.commands.map((command) => [row.name, command.name]) : []),
  ]);

/** A page with its text as it is read. */
function pageOf(file: string): string {
  const text = pages.get(file);
  assert.ok(text !== undefined, `there is no page ${file}`);
  return text.replaceAll('\\-', '-').replaceAll('\\(ti', '~').replaceAll('\\e', '\\');
}

describe('manualPages()', () => {
  for (const words of [[], ...commands]) {
    test(`has each flag, argument and example that outboard ${words.join(' ')} --help shows`, async () => {
      const page = pageOf(`${['outboard', ...words].join('-')}.1`);
      const { out } = await run([...words, '--help'], {});
      const flags = [...out.matchAll(/^ {2}((?:-\w, )?--[\w-]+)/gm)].map(([, flag = '']) => flag);
      const wanted = flags.filter((flag) => !flag.endsWith('--help'));
      const [, , examples = ''] = /(\nExamples:\n)(.*)/s.exec(out) ?? [];
      for (const text of [...wanted, ...examples.trim().split(/\n +/)]) assert.ok(page.includes(text), text);
      assert.match(page, /^\.SH NAME\noutboard\S* \\?- \S/m);
    });
  }

  test('has a page for each command, and none for hidden ones', () => {
    const expected = [[], ...commands].map((words) => `${['outboard', ...words].join('-')}.1`);
    assert.deepEqual([...pages.keys()].filter((file) => file.endsWith('.1')).sort(), expected.sort());
    for (const [name] of commands) assert.ok(pageOf('outboard.1').includes(`\noutboard-${name}(1)\n`), name);
  });

  test('describes the flags and the file of the daemon', () => {
    assert.match(pageOf('outboard-daemon.8'), /^--data-root directory\nDirectory of plugins\.$/m);
    const file = pageOf('outboard-daemon.json.5');
    assert.match(file, /^data-root\nDirectory of plugins\. Default: \/var\/lib\/outboard\.$/m);
    assert.match(file, /^tlscert\nCertificate\. Changed by a reload\.$/m);
  });
});
