import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandTable } from './command-table.ts';
import { run } from './testing/run-command.ts';

const runnable = commandTable.flatMap((row) =>
  'commands' in row
    ? row.commands.map((command) => ({ words: [row.name, command.name], row: command }))
    : [{ words: [row.name], row }],
);

describe('commandTable', () => {
  for (const { words, row } of runnable) {
    test(`${words.join(' ')} has a module that runs it, and help with its words, flags and examples`, async () => {
      assert.equal(typeof (await row.load()), 'function');
      const { code, out } = await run([...words, '--help'], {});
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: outboard ${words.join(' ')}`));
      for (const [name] of row.arguments ?? []) assert.ok(out.includes(name), name);
      for (const { flags, hidden } of row.options ?? []) assert.equal(out.includes(flags), !hidden, flags);
      for (const line of row.examples ?? []) assert.ok(out.includes(`\n  ${line}`), line);
      assert.ok(out.includes(row.notes ?? ''));
    });
  }

  for (const { words, row } of runnable) {
    test(`${words.join(' ')} refuses wrong flags and numbers of arguments before it does anything`, async () => {
      const names = (row.arguments ?? []).map(([name]) => name);
      const isOpen = names.some((name) => name.includes('...'));
      const wrong = [
        ['--no-such-flag'],
        ...(names.some((name) => name.startsWith('<')) ? [[]] : []),
        ...(isOpen ? [] : [[...names, 'more']]),
      ];
      for (const more of wrong) {
        const { code, out, err, daemon } = await run([...words, ...more], {});
        assert.deepEqual([code, out, daemon.requests.length], [125, '', 0], more.join(' '));
        assert.ok(err.includes(`\n\nUsage: outboard ${words.slice(0, -1).join(' ')}`), err);
        assert.ok(err.endsWith(`Run 'outboard ${words.join(' ')} --help' for more information\n`), err);
      }
    });
  }

  test('names every command once', () => {
    const names = runnable.flatMap(({ words, row }) => [
      words.join(' '),
      ...(row.alias === undefined ? [] : [[...words.slice(0, -1), row.alias].join(' ')]),
    ]);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });
});
