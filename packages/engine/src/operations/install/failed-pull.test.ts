/**
 * Pulls that fail leave nothing behind.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import {
  assertNameFree,
  type OperationFixture,
  openOperationFixture,
} from '../../testing/operation-fixture.ts';
import type { PublishedPlugin } from '../../testing/published-plugin.ts';
import { publish, remote } from '../../testing/pulled-plugin.ts';
import { pullPlugin } from './pull.ts';

/** One way in which a pull fails. */
interface Failure {
  readonly name: string;
  readonly maxContentBytes?: number;
  /** Prepare the failure. @param controller aborts the pull */
  readonly prepare: (
    fixture: OperationFixture,
    published: PublishedPlugin,
    controller: AbortController,
  ) => void;
  readonly error: object;
}

/** Make requests for a target fail. */
function failAt(fixture: OperationFixture, target: string | undefined, fail: () => void): void {
  fixture.remote.intercept = (request) => {
    if (request.target === target) fail();
  };
}

function unavailable(): never {
  throw new OutboardError('unavailable', 'unexpected status: 500 Internal Server Error');
}

const stored = (fixture: OperationFixture) => fixture.remote.repository('acme/plugin');

const failures: readonly Failure[] = [
  {
    name: 'the tag does not exist',
    prepare: (fixture) => void stored(fixture).tags.delete('v1'),
    error: { kind: 'not-found', message: /v1: not found$/ },
  },
  {
    name: 'the config is missing',
    prepare: (fixture, { configDigest }) => void stored(fixture).blobs.delete(configDigest),
    error: { kind: 'not-found' },
  },
  {
    name: 'the second layer is missing',
    prepare: (fixture, published) => {
      const [, layer] = published.layers;
      if (layer !== undefined) stored(fixture).blobs.delete(layer.digest);
    },
    error: { kind: 'not-found' },
  },
  {
    name: 'the second layer has another digest',
    prepare: (fixture, published) => {
      const [first, second] = published.layers;
      const bytes = first && stored(fixture).blobs.get(first.digest);
      if (second !== undefined && bytes !== undefined) {
        const padding = Buffer.alloc(Math.max(0, second.size - bytes.length));
        stored(fixture).blobs.set(second.digest, Buffer.concat([bytes, padding]).subarray(0, second.size));
      }
    },
    error: { kind: 'invalid' },
  },
  {
    name: 'the registry fails at the manifest',
    prepare: (fixture) => failAt(fixture, 'v1', unavailable),
    error: { kind: 'unavailable', message: /500/ },
  },
  {
    name: 'the registry fails at the second layer',
    prepare: (fixture, published) => failAt(fixture, published.layers[1]?.digest, unavailable),
    error: { kind: 'unavailable', message: /500/ },
  },
  {
    name: 'the transfer of a layer breaks off',
    prepare: (fixture, published) => {
      failAt(fixture, published.layers[0]?.digest, () => {
        fixture.remote.breakBlobsAfter = 10;
      });
    },
    error: { kind: 'unavailable', message: /broke off/ },
  },
  {
    name: 'the caller aborts it between two layers',
    prepare: (fixture, published, controller) => {
      failAt(fixture, published.layers[1]?.digest, () => controller.abort());
    },
    error: { name: 'AbortError' },
  },
  {
    name: 'the content store is full',
    maxContentBytes: 700,
    prepare: () => undefined,
    error: { kind: 'system', code: 'no-space', message: /no space left on device/ },
  },
  {
    name: 'the jail refuses a layer',
    prepare: (fixture) => {
      fixture.jail.beforeApply = () => {
        throw new OutboardError('invalid', 'malformed tar archive');
      };
    },
    error: { kind: 'invalid', message: /malformed/ },
  },
  {
    name: 'the root filesystem cannot be flushed',
    prepare: (fixture) => {
      fixture.jail.beforeFinish = () => {
        throw new OutboardError('system', 'cannot flush');
      };
    },
    error: { kind: 'system', message: 'cannot flush' },
  },
  {
    name: 'the record cannot be written',
    prepare: (fixture) => {
      fixture.jail.beforeFinish = (rootfs) => {
        mkdirSync(join(dirname(rootfs), 'config.json', 'in the way'), { recursive: true });
      };
    },
    error: { kind: 'system', message: /config\.json/ },
  },
];

describe('pullPlugin() leaves nothing behind when', () => {
  for (const { name, maxContentBytes, prepare, error } of failures) {
    test(name, async () => {
      await using fixture = await openOperationFixture({ maxContentBytes });
      const published = publish(fixture);
      const controller = new AbortController();
      prepare(fixture, published, controller);
      const { privileges } = published;
      const request = { remote, privileges, signal: controller.signal };
      await assert.rejects(pullPlugin(fixture.parts, request), error);
      await fixture.assertOnly([], []);
      assertNameFree(fixture.parts.store, remote);
      assert.deepEqual(fixture.events, []);
    });
  }

  test('the privileges were not granted, before any layer is fetched', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture, { network: { type: 'host' } });
    assert.notDeepEqual(published.privileges, []);
    await assert.rejects(pullPlugin(fixture.parts, { remote, privileges: [] }), {
      kind: 'forbidden',
      code: 'privileges-differ',
    });
    const targets = fixture.remote.requests.map(({ target }) => target);
    assert.deepEqual(targets, ['v1', published.configDigest]);
    await fixture.assertOnly([], []);
    assertNameFree(fixture.parts.store, remote);
  });

  test('the name is taken, before the registry is asked', async () => {
    await using fixture = await openOperationFixture();
    const { privileges, digests } = publish(fixture);
    const record = await pullPlugin(fixture.parts, { remote, privileges });
    fixture.remote.requests.length = 0;
    await assert.rejects(pullPlugin(fixture.parts, { remote, privileges }), { kind: 'conflict' });
    assert.deepEqual(fixture.remote.requests, []);
    await fixture.assertOnly([record], digests);
  });

  test('the content that it shares with another plugin stays', async () => {
    await using fixture = await openOperationFixture();
    const published = publish(fixture);
    const { privileges } = published;
    const record = await pullPlugin(fixture.parts, { remote, privileges });
    fixture.jail.beforeFinish = () => {
      throw new OutboardError('system', 'cannot flush');
    };
    const failing = pullPlugin(fixture.parts, { remote, privileges, name: 'acme/second:v1' });
    await assert.rejects(failing, { kind: 'system' });
    await fixture.assertOnly([record], published.digests);
  });
});
