/**
 * Pulls whose answers are mutated at random: a pull installs a plugin whole or nothing, every failure is a typed error
 * of one line without secrets, and nothing secret reaches another origin. `OUTBOARD_SEED` repeats a failed run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { createRegistryClient, digestOf, isOutboardError } from '@outboard/oci';
import {
  Chance,
  misbehavingLogin,
  mutateAnswer,
  mutateDocument,
  startMisbehavingRegistry,
} from '@outboard/oci/testing';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { publishPlugin } from '../../testing/published-plugin.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';

/** Those without a network are more: see `mutated-answers.test.ts` of the registry client. */
const wantedAnswers = 250;
const seed = Number(process.env.OUTBOARD_SEED ?? 20);

/** Publish a plugin whose documents are mutated, and whose digests are right: what follows the digests is reached. */
function publishMutated(chance: Chance, fixture: OperationFixture) {
  const repository = fixture.remote.repository('acme/plugin');
  repository.blobs.clear();
  const published = publishPlugin(repository, 'v1', { layers: [{ first: 'one' }, { second: 'two' }] });
  if (chance.below(2) === 0) return published;
  const config = mutateDocument(chance, repository.blobs.get(published.configDigest) ?? assert.fail());
  repository.blobs.set(digestOf(config), config);
  const honest = repository.findManifest('v1') ?? assert.fail();
  const document = JSON.parse(honest.bytes.toString());
  Object.assign(document.config, { digest: digestOf(config), size: config.length });
  let bytes = Buffer.from(JSON.stringify(document));
  if (chance.below(2) === 0) bytes = Buffer.from(mutateDocument(chance, bytes));
  repository.manifests.set(digestOf(bytes), { mediaType: honest.mediaType, bytes });
  repository.tags.set('v1', digestOf(bytes));
  return published;
}

function assertPlainError(error: unknown): void {
  assert.ok(isOutboardError(error), `not a typed error: ${error instanceof Error ? error.stack : error}`);
  assert.match(error.message, /^[^\n\r\p{Cc}]{1,16000}$/u);
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary-(?:password|token)/);
}

test(`R01 R07 R09 R14 R20 R33 a pull survives ${wantedAnswers} mutated answers`, async () => {
  const chance = new Chance(seed);
  const clock = createFakeClock({ skipsSleep: true });
  const retry = { attempts: 2, baseDelayMs: 1, maxDelayMs: 1000, maxIdleMs: 60_000 };
  let mutated = 0;
  let installed = 0;
  const basic = Buffer.from(`${misbehavingLogin.username}:${misbehavingLogin.password}`).toString('base64');
  while (mutated < wantedAnswers) {
    await using fixture = await openOperationFixture();
    await using registry = await startMisbehavingRegistry(fixture.remote, () => clock.advance(10_000));
    await using client = createRegistryClient({ clock, random: () => 0.5, retry });
    const parts = { ...fixture.parts, registry: client };
    const remote = `${registry.host}/acme/plugin:v1`;
    for (let pulls = 0; pulls < 200 && fixture.parts.store.all().length === 0; pulls++) {
      const { privileges } = publishMutated(chance, fixture);
      registry.misbehave((_, answer) => {
        if (chance.below(5) > 1) return answer;
        mutated += 1;
        return mutateAnswer(chance, answer, registry);
      });
      const access = { credentials: misbehavingLogin };
      // Most rounds write nothing: they are the quick ones.
      if (chance.below(4) > 0) {
        await fetchPrivileges(parts, remote, { access }).catch(assertPlainError);
        continue;
      }
      await pullPlugin(parts, { remote, privileges, access }).catch(assertPlainError);
      const records = fixture.parts.store.all();
      installed += records.length;
      await fixture.assertOnly(
        records,
        fixture.parts.content.digests.filter(() => records.length > 0),
      );
      for (const record of records) assert.equal(fixture.rootfsFile(record, 'second'), 'two', `seed ${seed}`);
    }
    for (const seen of registry.seenByOther) {
      assert.ok(
        !/canary-(?:password|token)|authorization/i.test(seen) && !seen.includes(basic),
        `seed ${seed}: ${seen}`,
      );
    }
  }
  assert.ok(installed > 2, `${installed} pulls succeeded`);
});
