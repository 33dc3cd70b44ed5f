/**
 * Findings about config and root filesystem as results of checks.
 */
import type { ConfigFinding } from '@outboard/engine';
import { staticChecks } from './check-table.ts';
import type { CheckLevel, CheckResult } from './report/check-report.ts';

/**
 * One result for each check of what a plugin is made of.
 * @param isSelected by code
 */
export function staticResults(
  findings: readonly ConfigFinding[],
  isSelected: (code: string) => boolean,
): readonly CheckResult[] {
  return staticChecks
    .filter(({ code }) => isSelected(code))
    .map(({ code, title }) => {
      const found = findings.filter((finding) => finding.code === code);
      const messages = found.map(({ message }) => message);
      const status = found.length === 0 ? 'pass' : 'finding';
      return { code, title, level: levelOf(found), status, messages, elapsedMs: 0 };
    });
}

function levelOf(findings: readonly ConfigFinding[]): CheckLevel {
  // A program for another processor cannot be checked on this host.
  const isHard = ({ severity, code }: ConfigFinding) =>
    severity !== 'warning' || code === 'rootfs/architecture';
  return findings.length === 0 || findings.some(isHard) ? 'error' : 'warning';
}
