/**
 * The report as a JSON document, for programs.
 */
import { type CheckReport, hasFailed } from './check-report.ts';

/** A document of the report; docs/conformance.md describes it. */
export function reportDocument(report: CheckReport) {
  return {
    Plugin: report.plugin,
    Kinds: report.kinds,
    Failed: hasFailed(report),
    Checks: report.results.map(({ code, level, title, status, messages, elapsedMs }) => ({
      Code: code,
      Level: level,
      Title: title,
      Status: status,
      Messages: messages,
      Milliseconds: Math.round(elapsedMs),
    })),
  };
}
