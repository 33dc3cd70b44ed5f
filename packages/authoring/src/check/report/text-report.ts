/**
 * The report as text, for people.
 */
import { escapeHidden } from '@outboard/oci';
import { type CheckReport, type CheckResult, findingsOf } from './check-report.ts';

/** Choices for the text. */
export interface TextReportOptions {
  /** Also the checks that passed or were skipped. */
  readonly verbose?: boolean | undefined;
}

/** Write a report as text; the last line has the numbers. */
export function textReport(report: CheckReport, { verbose = false }: TextReportOptions = {}): string {
  const shown = verbose ? report.results : findingsOf(report);
  const width = Math.max(0, ...shown.map(({ code }) => code.length));
  const lines = shown.flatMap((result) => [
    `${markOf(result).padEnd(7)}  ${result.code.padEnd(width)}  ${result.title}`,
    ...result.messages.flatMap(linesOf).map((message) => `           ${message}`),
  ]);
  return [...lines, ...(lines.length === 0 ? [] : ['']), summaryOf(report), ''].join('\n');
}

function markOf({ status, level }: CheckResult): string {
  if (status === 'finding') return level;
  return status === 'pass' ? 'ok' : 'skipped';
}

function linesOf(message: string): readonly string[] {
  return message.split('\n').map((line) => escapeHidden(line));
}

function summaryOf({ plugin, kinds, results }: CheckReport): string {
  const count = (test: (result: CheckResult) => boolean) => results.filter(test).length;
  const ofLevel = (level: string) => count((result) => result.status === 'finding' && result.level === level);
  const numbers = [
    `${count(({ status }) => status === 'pass')} passed`,
    `${ofLevel('error')} errors`,
    `${ofLevel('warning')} warnings`,
    `${ofLevel('note')} notes`,
    `${count(({ status }) => status === 'skipped')} skipped`,
  ];
  const what = kinds.length === 0 ? '' : ` (${kinds.join(', ')})`;
  return `${escapeHidden(`${plugin}${what}`)}: ${numbers.join(', ')}`;
}
