/**
 * The documentation as tests read it: pages, their headings and their blocks of code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A block of code. */
export interface CodeBlock {
  /** Path of the page in the repository. */
  readonly page: string;
  /** First line, counted from 1. */
  readonly line: number;
  /** Language of the fence; empty for an indented block. */
  readonly language: string;
  readonly text: string;
}

/** One page of Markdown. */
export interface Page {
  /** In the repository, such as `docs/logs.md`. */
  readonly path: string;
  readonly text: string;
  /** Anchors of the headings. */
  readonly anchors: ReadonlySet<string>;
  readonly blocks: readonly CodeBlock[];
  /** The text outside blocks of code. */
  readonly prose: string;
}

const roots = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

/** Every page for users. */
export const pages: readonly Page[] = [
  ...roots,
  ...below('docs'),
  ...readmesOf('packages'),
  ...readmesOf('examples'),
].map(readPage);

function below(directory: string): readonly string[] {
  return readdirSync(join(repository, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${directory}/${name}`);
}

function readmesOf(directory: string): readonly string[] {
  const found = readdirSync(join(repository, directory), { recursive: true, encoding: 'utf8' });
  return found.filter((name) => /^[^/]+\/README\.md$/.test(name)).map((name) => `${directory}/${name}`);
}

function readPage(path: string): Page {
  const text = readFileSync(join(repository, path), 'utf8');
  const { blocks, prose } = splitPage(path, text.split('\n'));
  const headings = prose.split('\n').flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? []);
  return { path, text, anchors: new Set(headings.map(toAnchor)), blocks, prose };
}

/** The form that GitHub uses. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function splitPage(page: string, lines: readonly string[]): Pick<Page, 'blocks' | 'prose'> {
  const blocks: CodeBlock[] = [];
  const prose: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const language = /^```(\w*)$/.exec(line)?.[1];
    const begins = line.startsWith('    ') && (lines[at - 1] ?? '') === '' && !isInList(lines, at);
    if (language === undefined && !begins) {
      prose.push(line);
      at += 1;
      continue;
    }
    const end = language === undefined ? endOfIndented(lines, at) : lines.indexOf('```', at + 1);
    const content = language === undefined ? lines.slice(at, end) : lines.slice(at + 1, end);
    const text = content.map((part) => (language === undefined ? part.slice(4) : part)).join('\n');
    blocks.push({ page, line: at + 1, language: language ?? '', text: `${text.trimEnd()}\n` });
    at = language === undefined ? end : end + 1;
  }
  return { blocks, prose: prose.join('\n') };
}

function endOfIndented(lines: readonly string[], start: number): number {
  let end = start;
  while (end < lines.length && (lines[end] === '' || lines[end]?.startsWith('    '))) end += 1;
  return end;
}

/** True if the paragraph before belongs to a list, whose items continue indented. */
function isInList(lines: readonly string[], at: number): boolean {
  const before = lines.slice(0, at).findLast((line) => line !== '' && !line.startsWith(' '));
  return before !== undefined && /^(?:[-*]|\d+\.) /.test(before);
}
