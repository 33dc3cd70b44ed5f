import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { type Configuration, withDefaults } from './configuration.ts';
import { parseConfigurationDocument } from './configuration-schema.ts';
import { parseFlags } from './parse-flags.ts';
import { changedKeys } from './reload.ts';
import { byteSize } from './setting-kinds.ts';
import type { Setting } from './setting-rows.ts';
import { type SettingKey, settingKeys, settings } from './settings.ts';

const page = new URL('../../../../docs/daemon.md', import.meta.url);
const [begin, end] = ['<!-- settings -->\n', '<!-- end of settings -->\n'];

/** A flag such as `-H, --host <address>` in the notation of the documentation. */
function describeFlag({ flag, kind: { choices } }: Setting<unknown>): string {
  const argument = choices?.join('\\|');
  return `\`${flag.replace(', ', '`, `').replace(/<(.*)>/, (_, name: string) => argument ?? name.toUpperCase())}\``;
}

function describeDefault({ default: value, defaultText }: Setting<unknown>): string {
  if (defaultText !== undefined) return quoteCode(defaultText);
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Mark flags and addresses as code. */
function quoteCode(text: string): string {
  return text.replace(/(?<=^| )(--[a-z]|unix:|tcp:)[^\s;,]*/g, '`$&`');
}

function describeSetting(key: SettingKey): string {
  const row: Setting<unknown> = settings[key];
  const meaning = [quoteCode(row.help), row.notes, row.reloadable && 'changed by a reload'];
  const cells = [
    describeFlag(row),
    `\`${key}\``,
    describeDefault(row),
    meaning.filter((part) => part).join('; '),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

const table = `| flag | key | default | meaning |\n| --- | --- | --- | --- |\n${settingKeys.map(describeSetting).join('')}`;

test('the table in docs/daemon.md lists the settings of settings.ts', async () => {
  const text = await readFile(page, 'utf8');
  const [before, rest = ''] = text.split(begin);
  const [found, after] = rest.split(end);
  // To regenerate the table: OUTBOARD_WRITE_DOCS=1 npm test settings
  if (process.env.OUTBOARD_WRITE_DOCS === '1') {
    await writeFile(page, `${before}${begin}${table}${end}${after}`);
  } else {
    assert.equal(found, table);
  }
});

/** A non-default value in the file, and the equivalent flags. */
function sample(key: SettingKey): { readonly value: unknown; readonly argv: readonly string[] } {
  const { flag, kind, default: fallback } = settings[key] as Setting<unknown>;
  const [name = ''] = flag.replace(/^-\w, /, '').split(' ');
  if (kind === byteSize) return { value: 7, argv: [name, '7'] };
  if (typeof fallback === 'boolean') return { value: !fallback, argv: [name] };
  if (kind.choices !== undefined)
    return { value: kind.choices.at(-1), argv: [name, `${kind.choices.at(-1)}`] };
  if (typeof fallback === 'number') return { value: 7, argv: [name, '7'] };
  if (typeof fallback === 'string' && kind.parseArgument !== undefined)
    return { value: '0600', argv: [name, '0600'] };
  if (kind.parseArgument !== undefined) return { value: ['/a', '/b'], argv: [name, '/a', name, '/b'] };
  return { value: '/a', argv: [name, '/a'] };
}

for (const key of settingKeys) {
  test(`the setting "${key}" has the same value from the file and from its flag`, () => {
    const { value, argv } = sample(key);
    assert.deepEqual(parseConfigurationDocument({ [key]: value }, '/f'), { [key]: value });
    assert.deepEqual(parseFlags(argv).configuration, { [key]: value });
    const changed: Configuration = withDefaults({ [key]: value });
    assert.ok(changedKeys(withDefaults({}), changed).includes(key));
  });
}
