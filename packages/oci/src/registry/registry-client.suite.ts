/**
 * The suite for all registry clients: run it on each implementation with `describeRegistryClient`.
 */
import { describe, it } from 'node:test';
import { type DeclareTest, open, type RegistryUnderTest } from '../testing/registry-subject.ts';
import { testCancellation, testCredentials } from './access.suite.ts';
import { testBlobs, testMounts, testUploads } from './blobs.suite.ts';
import { testLists, testManifests, testRemoval } from './manifests.suite.ts';

/**
 * Declare the tests of the contract for one implementation.
 * @param create starts a registry; with `needsLogin` it accepts `suiteLogin` only
 */
export function describeRegistryClient(
  name: string,
  create: (options: { readonly needsLogin: boolean }) => Promise<RegistryUnderTest>,
): void {
  const test: DeclareTest = (title, body) => {
    it(title, async () => {
      await using subject = await create({ needsLogin: false });
      await body(open(subject));
    });
  };

  describe(`${name}: blobs`, () => testBlobs(test));
  describe(`${name}: uploads`, () => testUploads(test));
  describe(`${name}: manifests`, () => testManifests(test));
  describe(`${name}: lists`, () => testLists(test));
  describe(`${name}: removal`, () => testRemoval(test));
  describe(`${name}: mounts`, () => testMounts(() => create({ needsLogin: false })));
  describe(`${name}: cancellation`, () => testCancellation(test));
  describe(`${name}: credentials`, () => testCredentials(() => create({ needsLogin: true })));
}
