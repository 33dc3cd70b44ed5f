/**
 * The listed differences as Markdown, for docs/compatibility.md. A test fails when page and suite differ.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { allCases } from './cases/all-cases.ts';
import type { ConformanceCase, Expectation } from './conformance-case.ts';
import { differenceGroups } from './differences/all-differences.ts';
import type { Difference, DifferenceGroup } from './differences/difference.ts';
import type { Shape } from './shape.ts';

const page = fileURLToPath(new URL('../../../docs/compatibility.md', import.meta.url));
const marks = { begin: '<!-- differences: begin -->\n', end: '<!-- differences: end -->' };

const maxLineLength = 120;

/** The current part of the page with the differences. @throws {Error} if the markers are missing */
export async function readDifferences(): Promise<string> {
  const { shown } = await readPage();
  return shown;
}

/** Put the differences into the page. */
export async function writeDifferences(): Promise<void> {
  const { before, after } = await readPage();
  await writeFile(page, before + formatDifferences() + after);
}

async function readPage(): Promise<{ before: string; shown: string; after: string }> {
  const text = await readFile(page, 'utf8');
  const begin = text.indexOf(marks.begin);
  const end = text.indexOf(marks.end);
  if (begin < 0 || end < begin)
    throw new Error(`${page} has no place between ${marks.begin}and ${marks.end}`);
  const start = begin + marks.begin.length;
  return { before: text.slice(0, start), shown: text.slice(start, end), after: text.slice(end) };
}

/** The differences by reason, each group with a table. */
export function formatDifferences(): string {
  return `\n${differenceGroups.map(formatGroup).join('\n')}\n`;
}

function formatGroup({ title, reason, differences }: DifferenceGroup): string {
  const rows = new Map<string, string[]>();
  for (const difference of differences) {
    const subject = caseOf(difference);
    const { docker, outboard } = describeBoth(difference, subject);
    const answers = `${cell(docker)} | ${cell(outboard)} |`;
    const titles = rows.get(answers) ?? [];
    rows.set(answers, titles.includes(subject.title) ? titles : [...titles, subject.title]);
  }
  const lines = [...rows].map(([answers, titles]) => `| ${cell(titles.join('; '))} | ${answers}`);
  const head = ['| request | Docker Engine 20.10 | Outboard |', '| --- | --- | --- |'];
  return [`### ${title}`, '', ...wrap(`${capitalise(reason)}.`), '', ...head, ...lines, ''].join('\n');
}

/** Lines of the same length as the rest of the page. */
function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= maxLineLength) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}

/** @throws {Error} for a difference without a case */
function caseOf({ case: id }: Difference): ConformanceCase {
  const subject = allCases.find((candidate) => candidate.id === id);
  if (subject === undefined) throw new Error(`a difference is listed for ${id}, which is no case`);
  return subject;
}

function describeBoth(
  difference: Difference,
  subject: ConformanceCase,
): { docker: string; outboard: string } {
  const { docker, words, step = 0 } = difference;
  if (words !== undefined) return words;
  const expect = step === 0 ? subject.expect : subject.afterwards?.[step - 1]?.expect;
  if (expect === undefined || docker === 'crash')
    throw new Error(`${difference.case}: say both answers in words`);
  if (typeof docker === 'number') return { docker: String(docker), outboard: describeStatus(expect) };
  return { docker: describe(docker), outboard: describe(expect) };
}

function describeStatus(expected: Expectation): string {
  return expected === 'closed' ? 'a closed connection' : String(expected.status);
}

/** Status, and the error if there is one. */
function describe(expected: Expectation): string {
  const status = describeStatus(expected);
  const message = expected === 'closed' ? undefined : messageOf(expected);
  if (expected === 'closed' || message === undefined) return status;
  return `${status}${expected.body.kind === 'stream' ? ', then' : ''} \`${message}\``;
}

function messageOf({ body }: Exclude<Expectation, 'closed'>): string | undefined {
  const shape = body.kind === 'document' ? body.value : body.kind === 'stream' ? body.last : undefined;
  const message = keyOf(shape, body.kind === 'stream' ? 'error' : 'message');
  if (typeof message === 'string') return message;
  return message instanceof RegExp ? readable(message) : undefined;
}

function keyOf(shape: Shape | undefined, key: string): unknown {
  return typeof shape === 'object' && shape !== null ? new Map(Object.entries(shape)).get(key) : undefined;
}

/** A pattern as a reader writes it: variable parts are an ellipsis. */
function readable({ source }: RegExp): string {
  const isOpen = !source.endsWith('$');
  const text = source
    .replace(/^\^|\$$/g, '')
    .replaceAll(/\((\w[^|()]*)\|[^()]*\)/g, '$1')
    .replaceAll('.*', '…')
    .replaceAll(/\\(.)/g, '$1');
  return `${text.trimEnd()}${isOpen ? ' …' : ''}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function capitalise(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
