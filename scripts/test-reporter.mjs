/**
 * A reporter for node:test that prints each file, failures, skipped tests with their reasons and the slowest files, and
 * passes the counts, the names of failed tests and the reasons for skips to `scripts/run-tests.mjs` through file descriptor 3.
 */
import { writeSync } from 'node:fs';
import { relative } from 'node:path';

const resultFd = 3;
const bundles = process.env.OUTBOARD_TEST_BUNDLES ?? '';
/** Number of slow files to print. */
const slowFiles = 20;

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} events */
export default async function* report(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const skipped = new Map();
  const durations = new Map();
  let file;
  for await (const event of events) {
    if (event.type === 'test:stderr' || event.type === 'test:stdout') yield event.data.message;
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { data } = event;
    if (data.file !== undefined && data.file !== file) {
      file = data.file;
      yield `${sourceOf(file)}\n`;
    }
    if (data.nesting === 0 && data.file !== undefined)
      durations.set(data.file, (durations.get(data.file) ?? 0) + (data.details?.duration_ms ?? 0));
    const isSuite = data.details?.type === 'suite';
    if (data.skip !== undefined && data.skip !== false) {
      counts.skipped++;
      const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given';
      skipped.set(reason, [...(skipped.get(reason) ?? []), data.name]);
    } else if (isSuite && (event.type === 'test:pass' || failedInTests(data))) {
      // A suite counts in addition to its tests only if it failed itself; a skipped suite counts as one skipped test.
    } else if (event.type === 'test:pass') {
      counts.passed++;
    } else {
      counts.failed++;
      failures.push(`${data.name} (${sourceOf(data.file ?? '')})`);
      yield failure(data);
    }
  }
  for (const [reason, names] of skipped) {
    yield `\nskipped, ${reason}:\n${names.map((name) => `  ${name}\n`).join('')}`;
  }
  yield describeSlowest(durations);
  const skips = [...skipped].map(([reason, names]) => ({ reason, names }));
  writeSync(resultFd, JSON.stringify({ ...counts, failures, skips }));
}

/** Files run beside each other, so that their times add up to more than that of the run. */
function describeSlowest(durations) {
  const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, slowFiles);
  const lines = slowest.map(([file, ms]) => `  ${(ms / 1000).toFixed(1)} s  ${sourceOf(file)}\n`);
  return `\nslowest files:\n${lines.join('')}`;
}

/** Path of a file relative to the repository, where that of a bundle is the one of its source. */
function sourceOf(file) {
  if (bundles === '' || !file.startsWith(bundles)) return relative(process.cwd(), file);
  return relative(bundles, file).replace(/\.mjs$/, '.ts');
}

function failedInTests(data) {
  return data.details?.error?.failureType === 'subtestsFailed';
}

function failure(data) {
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  const words = cause?.stack ?? cause?.message ?? String(cause);
  return `\nFAILED  ${data.name}\n  in ${sourceOf(data.file ?? '')}\n${indent(words)}\n\n`;
}

function indent(text) {
  return String(text).replace(/^/gm, '    ');
}
