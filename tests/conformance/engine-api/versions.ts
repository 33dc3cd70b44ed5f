/**
 * The versions of the API at which a case runs.
 */
import type { ConformanceCase } from './conformance-case.ts';
import type { EngineUnderTest } from './engine-under-test.ts';

/** Requests without a version in their path. */
export const unversioned = 'unversioned';

/** The first version with plugins, and the last one that the suite knows. */
const firstMinor = 25;
const lastMinor = 51;

/** The versions at which a case runs against an engine. */
export function versionsOf(
  { versions = 'latest' }: ConformanceCase,
  { apiVersion }: Pick<EngineUnderTest, 'apiVersion'>,
): readonly string[] {
  const highest = Math.min(lastMinor, minorOf(apiVersion));
  if (versions === 'as-written') return [unversioned];
  if (versions === 'latest') return [unversioned, `1.${highest}`];
  if (typeof versions !== 'string') return versions;
  const all = Array.from({ length: highest - firstMinor + 1 }, (_, index) => `1.${firstMinor + index}`);
  return [unversioned, ...(versions === 'every' ? all : all.slice(1))];
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
