/**
 * The errors in the tables of docs/troubleshooting.md are those of the program.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from './pages.ts';

/** Between the words of a message: `…`, quoted values, numbers with their units, example values, and the joints of messages. */
const values =
  /…|"[^"]*"|\b\d+ s\b|\b\d[\d.]*\b|\bunix:\/\/\S+|[:;,](?=\s|$)|\s\(|\)|\bNot Found\b|\bsha256:|\brepository\b/;
/** Shorter pieces prove nothing. */
const minLength = 8;

/** Texts in the sources as they are printed: without comments, and with strings over several lines joined. */
function readSources(): string {
  const files = readdirSync(join(repository, 'packages')).flatMap((name) => {
    const source = join('packages', name, 'src');
    const names = readdirSync(join(repository, source), { recursive: true, encoding: 'utf8' });
    return names
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|(?:^|\/)testing\//.test(file))
      .map((file) => join(source, file));
  });
  return files
    .map((file) => readFileSync(join(repository, file), 'utf8'))
    .join('\n')
    .replaceAll(/^\s*(?:\/\*\*|\*|\/\/).*$/gm, '')
    .replaceAll(/['`]\s*\+\s*['`]/g, '');
}

/** The first cells of rows whose table has errors or messages in them. */
function documentedErrors(): readonly string[] {
  const page = readFileSync(join(repository, 'docs/troubleshooting.md'), 'utf8');
  const tables = page.split(/\n\n+/).filter((block) => /^\| (?:error|message)/.test(block));
  return tables.flatMap((table) => {
    const rows = table.split('\n').slice(2);
    return rows.flatMap((row) =>
      Array.from(row.split(' | ')[0]?.matchAll(/`([^`]+)`/g) ?? [], ([, text = '']) => text),
    );
  });
}

test('every error in the tables of docs/troubleshooting.md is one of the program', () => {
  const sources = readSources();
  const errors = documentedErrors();
  assert.ok(errors.length > 25);
  const missing = errors.flatMap((error) => {
    const pieces = error.split(values).map((piece) => piece.replace(/^[\s:;,]+|[\s:;,(]+$/g, ''));
    return pieces
      .filter((piece) => piece.length >= minLength && !sources.includes(piece))
      .map((piece) => `${error}: "${piece}"`);
  });
  assert.deepEqual(missing, []);
});
