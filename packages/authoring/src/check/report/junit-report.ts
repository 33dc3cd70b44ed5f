/**
 * The report as a JUnit file, for systems of continuous integration.
 * @see the schema of Apache Ant's task junit, which they read
 */
import type { CheckReport, CheckResult } from './check-report.ts';

/** Choices for the file. */
export interface JunitOptions {
  /** Warnings fail as well; otherwise they and notes are the output of a test that passes. Default false. */
  readonly strict?: boolean | undefined;
}

/** Write a report as a document with one suite. */
export function junitReport({ plugin, results }: CheckReport, { strict = false }: JunitOptions = {}): string {
  const isFailure = ({ status, level }: CheckResult) =>
    status === 'finding' && (level === 'error' || (strict && level === 'warning'));
  const totals = {
    name: plugin,
    tests: results.length,
    failures: results.filter(isFailure).length,
    errors: 0,
    skipped: results.filter(({ status }) => status === 'skipped').length,
    time: seconds(results.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0)),
  };
  const cases = results.map((result) => {
    const { code, title, elapsedMs } = result;
    const names = {
      classname: `outboard.${code.split('/')[0]}`,
      name: `${code}: ${title}`,
      time: seconds(elapsedMs),
    };
    return `    <testcase ${attributes(names)}>${contentOf(result, isFailure(result))}</testcase>\n`;
  });
  const suite = `  <testsuite ${attributes(totals)}>\n${cases.join('')}  </testsuite>\n`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suite}</testsuites>\n`;
}

function contentOf({ status, level, messages }: CheckResult, isFailure: boolean): string {
  if (status === 'pass') return '';
  const message = messages.join('\n');
  if (status === 'skipped') return `<skipped ${attributes({ message })}/>`;
  if (!isFailure) return `<system-out>${escapeXml(`${level}: ${message}`)}</system-out>`;
  return `<failure ${attributes({ type: level, message })}>${escapeXml(message)}</failure>`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ');
}

/** Text of plugins may hold any characters; those that XML 1.0 forbids, also as references, are replaced. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
