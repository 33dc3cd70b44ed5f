/**
 * The report of a run in the virtual machine.
 */

/**
 * @typedef {object} SuiteResult
 * @property {string} suite
 * @property {string} runtime
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} failures names of failed tests
 * @property {readonly { reason: string, names: readonly string[] }[]} skips
 * @property {number} seconds
 */

/**
 * Facts about the machine and a table of the suites; then failures, and skipped tests with their reasons.
 *
 * @param {Readonly<Record<string, string>>} facts
 * @param {readonly SuiteResult[]} results
 * @returns {string} the last line is `N passed, N failed, N skipped`
 */
export function formatReport(facts, results) {
  const rows = [
    ['suite', 'runtime', 'passed', 'failed', 'skipped', 'seconds'],
    ...results.map(({ suite, runtime, passed, failed, skipped, seconds }) =>
      [suite, runtime, passed, failed, skipped, Math.round(seconds)].map(String),
    ),
  ];
  const lines = [
    ...alignColumns(Object.entries(facts)),
    '',
    ...alignColumns(rows),
    ...results.flatMap(({ suite, runtime, failures }) =>
      failures.map((name) => `failed: ${suite}, ${runtime}: ${name}`),
    ),
    ...formatSkips(results),
  ];
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return [...lines, `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`].join('\n');
}

/** Each reason once, with the tests of all suites. */
function formatSkips(results) {
  const byReason = new Map();
  for (const { suite, skips } of results) {
    for (const { reason, names } of skips) {
      const known = byReason.get(reason) ?? new Set();
      for (const name of names) known.add(`${suite}: ${name}`);
      byReason.set(reason, known);
    }
  }
  return [...byReason].flatMap(([reason, names]) => [
    `skipped, ${reason}:`,
    ...[...names].map((name) => `  ${name}`),
  ]);
}

function alignColumns(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column].length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
