/**
 * Compares a response with the expectation of a case, including the headers that every response of its kind has.
 */
import type {
  AnswerExpectation,
  BodyExpectation,
  Expectation,
  SeenRequest,
  StreamExpectation,
} from './conformance-case.ts';
import type { WireAnswer } from './raw-exchange.ts';
import { compareShape, type Fill, fillPattern, type Shape, show } from './shape.ts';

/** Properties of the case that the comparison needs. */
export interface Comparison {
  readonly fill: Fill;
  readonly method: string;
}

type HeaderRules = NonNullable<AnswerExpectation['headers']>;

/** Differences, one sentence each; empty if the response is right. @param answer undefined if there was none */
export function compareAnswer(
  answer: WireAnswer | undefined,
  expected: Expectation,
  comparison: Comparison,
): readonly string[] {
  if (answer === undefined) {
    return expected === 'closed' ? [] : ['the connection was closed without an answer'];
  }
  if (expected === 'closed') return [`want a closed connection, got ${describeAnswer(answer)}`];
  if (answer.status !== expected.status) {
    return [`want status ${expected.status}, got ${describeAnswer(answer)}`];
  }
  const rules = { ...routingHeaders(expected), ...bodyHeaders(expected, comparison), ...expected.headers };
  return [
    ...compareHeaders(answer.headers, rules, comparison.fill),
    ...compareBody(answer, expected.body, comparison),
  ];
}

/** Status and body, short enough for a line. */
export function describeAnswer({ status, body }: WireAnswer): string {
  return `${status} ${show(body.toString('utf8'))}`;
}

function routingHeaders({ routing = 'routed' }: AnswerExpectation): HeaderRules {
  const isRouted = routing !== 'unrouted';
  return {
    'api-version': isRouted ? '{apiVersion}' : null,
    ostype: isRouted ? 'linux' : null,
    server: isRouted ? /^Docker\/\S+ \(linux\)$/ : null,
    'docker-experimental': routing === 'routed' ? /^(true|false)$/ : null,
  };
}

/** A content type only with a body, and chunks only for streams. */
function bodyHeaders({ status, body }: AnswerExpectation, { method }: Comparison): HeaderRules {
  switch (body.kind) {
    case 'none':
      if (method === 'HEAD') return {};
      return { 'content-type': null, 'content-length': status === 204 ? null : '0' };
    case 'text':
      return { 'content-type': body.contentType };
    case 'document':
      return { 'content-type': 'application/json' };
    case 'stream':
      return { 'content-type': 'application/json', 'transfer-encoding': 'chunked', 'content-length': null };
  }
}

/** Compare headers by rules: exact text, a pattern, or null for none. */
export function compareHeaders(
  headers: ReadonlyMap<string, string>,
  rules: SeenRequest['headers'],
  fill: Fill,
): readonly string[] {
  return Object.entries(rules).flatMap(([name, wanted]) => {
    const got = headers.get(name);
    if (wanted === null) {
      return got === undefined ? [] : [`header ${name}: want none, got ${show(got)}`];
    }
    const fits = wanted instanceof RegExp ? fillPattern(wanted, fill).test(got ?? '') : got === fill(wanted);
    return fits ? [] : [`header ${name}: want ${wanted}, got ${show(got)}`];
  });
}

function compareBody(
  answer: WireAnswer,
  expected: BodyExpectation,
  { fill, method }: Comparison,
): readonly string[] {
  const text = answer.body.toString('utf8');
  if (method === 'HEAD' || expected.kind === 'none') {
    return text === '' ? [] : [`body: want none, got ${show(text)}`];
  }
  switch (expected.kind) {
    case 'text':
      return compareShape(text, expected.text, fill);
    case 'document':
      return compareDocument(text, expected.value, fill);
    case 'stream':
      return compareStream(text, expected, fill);
  }
}

function compareDocument(text: string, shape: Shape, fill: Fill): readonly string[] {
  if (!text.endsWith('\n') || text.indexOf('\n') !== text.length - 1) {
    return [`body: want one line of JSON with a newline at its end, got ${show(text)}`];
  }
  const document = parseJson(text);
  if ('error' in document) return [`body: ${document.error}`];
  if (/\\u00(3c|3e|26)/.test(text)) return [`body: < > & are escaped, as in streams only: ${show(text)}`];
  return compareShape(document.value, shape, fill);
}

function parseJson(text: string): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { error: `not JSON: ${show(text)}` };
  }
}

/** @see moby pkg/streamformatter: each object on a line that ends in CR LF */
function compareStream(text: string, expected: StreamExpectation, fill: Fill): readonly string[] {
  if (text !== '' && !text.endsWith('\r\n')) return [`stream: the last line has no end: ${show(text)}`];
  const values: unknown[] = [];
  for (const line of text.split('\r\n').slice(0, -1)) {
    const parsed = parseJson(line);
    if ('error' in parsed) return [`stream: ${parsed.error}`];
    if (/[<>&\n]/.test(line)) return [`stream: < > & or a newline is not escaped: ${show(line)}`];
    values.push(parsed.value);
  }
  return compareLines(values, expected, fill);
}

function compareLines(
  values: readonly unknown[],
  { first = [], includes = [], others = [], last }: StreamExpectation,
  fill: Fill,
): readonly string[] {
  const fits = (value: unknown, shape: Shape) => compareShape(value, shape, fill).length === 0;
  const middle = values.slice(first.length, last === undefined ? undefined : -1);
  const missing = includes.filter((shape) => !middle.some((value) => fits(value, shape)));
  const strange = middle.filter((value) => ![...includes, ...others].some((shape) => fits(value, shape)));
  return [
    ...first.flatMap((shape, index) => compareShape(values[index], shape, fill, `line ${index + 1}`)),
    ...(last === undefined ? [] : compareShape(values.at(-1), last, fill, 'last line')),
    ...missing.flatMap((shape) => [`stream: no line like ${describeShape(shape, fill)} in ${show(middle)}`]),
    ...strange.map((value) => `stream: unexpected line ${show(value)}`),
  ];
}

function describeShape(shape: Shape, fill: Fill): string {
  return fill(JSON.stringify(shape, (_, value) => (value instanceof RegExp ? String(value) : value)));
}
