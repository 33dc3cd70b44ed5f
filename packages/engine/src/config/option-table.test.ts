/**
 * The files that are made of the table of options. To write them anew: OUTBOARD_WRITE_DOCS=1 npm test option-table
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { AuthorRule, PlacedOption } from './option-row.ts';
import { optionRows } from './option-table.ts';
import { parseOverrides } from './parse-plugin-options.ts';

const page = new URL('../../../../docs/limits.md', import.meta.url);
const flagTable = new URL('../../../cli/src/options/option-table.ts', import.meta.url);
const begin = '<!-- options -->\n\n';
const end = '\n<!-- end of options -->';

async function compare(file: URL, found: string, written: string, wanted: string): Promise<void> {
  if (process.env.OUTBOARD_WRITE_DOCS === '1') await writeFile(file, wanted);
  else assert.equal(found, written);
}

test('the flags of the command line are those of the table', async () => {
  const wanted = cliModule();
  const found = await readFile(flagTable, 'utf8').catch(() => '');
  await compare(flagTable, found, wanted, wanted);
});

test('the table of options in docs/limits.md is the one of option-table.ts', async () => {
  const text = await readFile(page, 'utf8');
  const [before, rest = ''] = text.split(begin);
  const [found = '', after] = rest.split(end);
  await compare(page, found, pageTable(), `${before}${begin}${pageTable()}${end}${after}`);
});

for (const { field, key, description } of optionRows) {
  test(`the option ${field} has a flag of its own or of another row`, () => {
    const names = optionRows.map(({ description: { flag } }) => flag && longName(flag.flag));
    assert.ok(description.flag === undefined ? names.includes(description.setBy) : !description.setBy);
  });

  if (description.range === undefined || key.startsWith('restart')) continue;
  const [least, greatest] = description.range;
  test(`the option ${field} is a whole number from ${least} to ${greatest}`, () => {
    for (const value of [least - 1, greatest + 1, least + 0.5]) {
      assert.throws(() => parseOverrides(documentWith(field, value)), {
        message: `invalid ${JSON.stringify(key)} ${value}: want a whole number from ${least} to ${greatest}`,
      });
    }
    assert.ok(parseOverrides(documentWith(field, greatest)));
  });
}

/** An options document with one field. */
function documentWith(field: string, value: number): object {
  const [group = '', name] = field.split('.');
  const others = group === 'Health' ? { Kind: 'http' } : {};
  return { [group]: name === undefined ? value : { ...others, [name]: value } };
}

function longName(flag: string): string {
  return /--[\w-]+/.exec(flag)?.[0] ?? flag;
}

/** The source text of packages/cli/src/options/option-table.ts. */
function cliModule(): string {
  const rows = optionRows.flatMap(({ description: { flag, help } }, index) => {
    if (flag === undefined) return [];
    const fields = [optionRows[index]?.field ?? '', ...fieldsSetBy(longName(flag.flag))];
    const opposite = flag.opposite && [
      '    opposite: {',
      `      flag: ${quote(flag.opposite.flag)},`,
      `      help: ${quote(flag.opposite.help)},`,
      '    },',
    ];
    return [
      '  {',
      `    flag: ${quote(flag.flag)},`,
      `    argument: ${quote(flag.argument)},`,
      `    fields: [${fields.map(quote).join(', ')}],`,
      `    help: ${quote(help)},`,
      ...(opposite ?? []),
      '  },',
    ];
  });
  return `/**
 * The flags of a plugin's options. Generated from packages/engine/src/config/option-table.ts, whose test writes it anew:
 * OUTBOARD_WRITE_DOCS=1 npm test option-table
 */
import type { OptionFlag } from './option-flag.ts';

/** Every flag, in the order of the help. */
export const optionTable: readonly OptionFlag[] = [
${rows.join('\n')}
];
`;
}

function fieldsSetBy(flag: string): readonly string[] {
  return optionRows.filter(({ description }) => description.setBy === flag).map(({ field }) => field);
}

/** A literal as the formatter writes it. */
function quote(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

/** The table in docs/limits.md. */
function pageTable(): string {
  const head =
    '| flag | field | meaning | default | an author may ask for |\n| --- | --- | --- | --- | --- |\n';
  return head + optionRows.map(pageRow).join('');
}

function pageRow({ field, description }: PlacedOption): string {
  const { flag, setBy = '', help, notes } = description;
  const flags = [flag?.flag ?? setBy, flag?.opposite?.flag ?? ''].filter((text) => text !== '');
  const cells = [
    flags.map((text) => `\`${text.replace(/ <.*/, '').replace(', ', '`, `')}\``).join(', '),
    `\`${field}\``,
    [
      help.replace(/\b(?:(?:nofile|seccomp|apparmor)=\S+?|no-new-privileges\[=false\])(?=[:,;]? )/g, '`$&`'),
      notes,
    ]
      .filter((text) => text !== undefined)
      .join('; '),
    defaultText(description.default, description.defaultText, flag?.argument ?? ''),
    authorText(description.author, flag?.argument ?? ''),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function defaultText(value: unknown, text: string | undefined, argument: string): string {
  if (text !== undefined) return text;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'number') return `\`${value}\``;
  if (argument === 'size') return `${value / 1024 ** 2} MiB`;
  return argument === 'duration' ? `${value} s` : `${value}`;
}

function authorText(rule: AuthorRule, argument: string): string {
  if (rule === 'any') return 'any value';
  if (rule === 'none') return 'not allowed';
  if (rule === 'only true') return '`true` only';
  const [word, bound] = 'most' in rule ? ['most', rule.most] : ['least', rule.least];
  return `at ${word} ${defaultText(bound, undefined, argument)}`;
}
