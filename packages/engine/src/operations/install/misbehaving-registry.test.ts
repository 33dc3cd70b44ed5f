/**
 * Pulls from a registry that misbehaves: whatever it does, a plugin is installed whole or not at all, errors are one line
 * without secrets, and credentials stay at its own origin.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createFakeClock } from '@outboard/async/testing';
import { createRegistryClient, isOutboardError, mediaTypes } from '@outboard/oci';
import {
  type Answer,
  type AskedRequest,
  type MisbehavingRegistry,
  type Misbehaviour,
  misbehavingLogin,
  startMisbehavingRegistry,
} from '@outboard/oci/testing';
import { type OperationFixture, openOperationFixture } from '../../testing/operation-fixture.ts';
import { type PublishedPlugin, publishPlugin } from '../../testing/published-plugin.ts';
import { fetchPrivileges } from './privileges.ts';
import { pullPlugin } from './pull.ts';

const layers = [{ first: 'one'.repeat(500) }, { second: 'two' }];
const access = { credentials: misbehavingLogin };

/** One engine with a registry; a client of its own for each pull. */
interface Scene extends AsyncDisposable {
  readonly fixture: OperationFixture;
  readonly registry: MisbehavingRegistry;
  readonly published: PublishedPlugin;
  readonly remote: string;
  /** Ask for privileges as an operator does. */
  privileges(): Promise<unknown>;
  /** Install with the privileges of the published plugin. */
  pull(): Promise<unknown>;
}

async function openScene(): Promise<Scene> {
  const fixture = await openOperationFixture();
  const clock = createFakeClock({ skipsSleep: true });
  const published = publishPlugin(fixture.remote.repository('acme/plugin'), 'v1', { layers });
  const registry = await startMisbehavingRegistry(fixture.remote, () => clock.advance(10_000));
  const remote = `${registry.host}/acme/plugin:v1`;
  const withClient = async <Result>(use: (parts: OperationFixture['parts']) => Promise<Result>) => {
    await using client = createRegistryClient({ clock, random: () => 0.5, idleTimeoutMs: 60_000 });
    return await use({ ...fixture.parts, registry: client });
  };
  return {
    fixture,
    registry,
    published,
    remote,
    privileges: () => withClient((parts) => fetchPrivileges(parts, remote, { access })),
    pull: () =>
      withClient((parts) => pullPlugin(parts, { remote, privileges: published.privileges, access })),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await fixture[Symbol.asyncDispose]();
    },
  };
}

/** Assert that a failure is one line, bounded, and free of secrets. */
function assertPlainError(error: unknown): asserts error is Error & { readonly kind: string } {
  assert.ok(isOutboardError(error), `not a typed error: ${error instanceof Error ? error.stack : error}`);
  assert.match(error.message, /^[^\n\r\p{Cc}]{1,8000}$/u);
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary/);
}

function assertNothingLeaked({ registry }: Scene): void {
  const canary = Buffer.from(`${misbehavingLogin.username}:${misbehavingLogin.password}`).toString('base64');
  for (const seen of registry.seenByOther) {
    assert.doesNotMatch(seen, /canary|authorization/i);
    assert.ok(!seen.includes(canary));
  }
}

const isLayer = ({ kind, target }: AskedRequest, { layers: [first] }: PublishedPlugin) =>
  kind === 'blob' && target === first?.digest;
const isConfig = ({ kind, target }: AskedRequest, { configDigest }: PublishedPlugin) =>
  kind === 'blob' && target === configDigest;

interface Case {
  readonly name: string;
  readonly how: (published: PublishedPlugin, registry: MisbehavingRegistry) => Misbehaviour;
  /** The kind of the error of a pull; undefined when the plugin is installed. */
  readonly kind?: string;
  readonly words?: RegExp;
}

type Changed = Partial<Answer> | undefined;
/** A misbehaviour for one kind of answer. */
const at =
  (
    chosen: (request: AskedRequest, published: PublishedPlugin) => boolean,
    change: (answer: Answer, request: AskedRequest, registry: MisbehavingRegistry) => Changed,
  ): Case['how'] =>
  (published, registry) =>
  (request, answer) =>
    answer.status < 300 && chosen(request, published)
      ? { ...answer, ...change(answer, request, registry) }
      : answer;
const atManifest = (change: Parameters<typeof at>[1]) => at(({ kind }) => kind === 'manifest', change);
const atToken = (change: Parameters<typeof at>[1]) => at(({ kind }) => kind === 'token', change);
const flipped = ({ body }: Answer) => ({
  body: Buffer.from(body.map((byte, index) => (index === 9 ? byte ^ 1 : byte))),
});
const elsewhere = (_: Answer, { target }: AskedRequest, { otherHost }: MisbehavingRegistry) => ({
  status: 307,
  headers: { location: `http://${otherHost}/${target}?signature=x` },
});
const to = (location: string) => () => ({ status: 302, headers: { location } });

const cases: readonly Case[] = [
  {
    name: 'R22 cuts a layer once',
    how: at(isLayer, (_, { repeated }) => (repeated === 0 ? { cutAt: 40 } : {})),
  },
  { name: 'R22 cuts every manifest', how: atManifest(() => ({ cutAt: 40 })), kind: 'unavailable' },
  { name: 'R22 cuts every config', how: at(isConfig, () => ({ cutAt: 0 })), kind: 'unavailable' },
  {
    name: 'R22 cuts every layer before its first byte',
    how: at(isLayer, () => ({ cutAt: 0 })),
    kind: 'unavailable',
  },
  {
    name: 'R21 never answers for a manifest',
    how: atManifest(() => ({ stallAt: -1 })),
    kind: 'unavailable',
    words: /no answer|without progress/,
  },
  {
    name: 'R21 stalls in a config',
    how: at(isConfig, () => ({ stallAt: 3 })),
    kind: 'unavailable',
    words: /stalled|no answer|progress/,
  },
  {
    name: 'R21 stalls in a layer',
    how: at(isLayer, () => ({ stallAt: 3 })),
    kind: 'unavailable',
    words: /stalled|no answer|progress/,
  },
  { name: 'R21 never answers for a token', how: atToken(() => ({ stallAt: -1 })), kind: 'unavailable' },
  {
    name: 'R20 claims a longer layer',
    how: at(isLayer, ({ headers, body }) => ({
      headers: { ...headers, 'content-length': `${body.length + 1}` },
    })),
    kind: 'invalid',
  },
  {
    name: 'R20 sends a layer without its length',
    how: at(isLayer, () => ({ headers: { 'transfer-encoding': 'chunked' } })),
  },
  {
    name: 'R20 sends more than the layer',
    how: at(isLayer, ({ body }) => ({ headers: {}, body: Buffer.concat([body, body]) })),
    kind: 'invalid',
  },
  {
    name: 'R20 sends less than the layer',
    how: at(isLayer, ({ body }) => ({ headers: {}, body: body.subarray(0, 9) })),
    kind: 'unavailable',
  },
  { name: 'R01 changes a layer', how: at(isLayer, flipped), kind: 'invalid' },
  { name: 'R01 changes a config', how: at(isConfig, flipped), kind: 'invalid' },
  {
    name: 'R01 lies about the digest of a manifest',
    how: atManifest(({ headers }) => ({
      headers: { ...headers, 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
    })),
    kind: 'invalid',
  },
  {
    name: 'R04 serves a manifest as another type',
    how: atManifest(() => ({ headers: { 'content-type': mediaTypes.ociIndex } })),
    kind: 'invalid',
  },
  { name: 'R09 redirects layers to another origin', how: at(isLayer, elsewhere) },
  { name: 'R09 redirects a config to another origin', how: at(isConfig, elsewhere) },
  {
    name: 'R09 redirects manifests to another origin, which asks for credentials',
    how: atManifest(elsewhere),
    kind: 'unauthorized',
  },
  {
    name: 'R10 redirects in a circle',
    how: atManifest(to('/v2/acme/plugin/manifests/v1')),
    kind: 'forbidden',
    words: /more than 5 redirects/,
  },
  {
    name: 'R10 redirects to a metadata service',
    how: at(isLayer, to('http://169.254.169.254/latest')),
    kind: 'forbidden',
  },
  { name: 'R10 redirects to a file', how: at(isLayer, to('file:///etc/shadow')), kind: 'forbidden' },
  {
    name: 'R12 redirects its token server',
    how: atToken(elsewhere),
    kind: 'unavailable',
    words: /^.*the token server 127\.0\.0\.1:\d+ answered 307/,
  },
  {
    name: 'R11 names a token server of another origin',
    how:
      (_, { otherHost }) =>
      (_request, answer) =>
        answer.status === 401
          ? { ...answer, headers: { 'www-authenticate': `Bearer realm="http://${otherHost}/token"` } }
          : answer,
    kind: 'forbidden',
  },
  {
    name: 'R15 limits the rate once',
    how: at(
      () => true,
      (_, { repeated }) => (repeated === 0 ? { status: 429, headers: { 'retry-after': '5' } } : {}),
    ),
  },
  {
    name: 'R15 limits the rate for ever',
    how: atManifest(() => ({ status: 429, headers: { 'retry-after': '5' } })),
    kind: 'unavailable',
    words: /429 Too Many Requests.*the registry limits requests/,
  },
  {
    name: 'R15 takes each token once',
    how: () => {
      const used = new Set<string | undefined>();
      return (request, answer) => {
        const { authorization } = request.headers;
        const isUsed = answer.status < 300 && request.kind !== 'token' && used.has(authorization);
        used.add(authorization);
        const challenge = `Bearer realm="http://${request.headers.host}/token"`;
        return isUsed ? { ...answer, status: 401, headers: { 'www-authenticate': challenge } } : answer;
      };
    },
  },
  {
    name: 'R15 refuses every token',
    how: at(
      ({ kind }) => kind !== 'token',
      () => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="/"' } }),
    ),
    kind: 'forbidden',
  },
  {
    name: 'R14 issues a token with line ends',
    how: atToken(() => ({ body: Buffer.from('{"token":"a\\r\\nx: y"}') })),
    kind: 'invalid',
  },
  {
    name: 'R24 encodes a layer',
    how: at(isLayer, () => ({ headers: { 'content-encoding': 'gzip' } })),
    kind: 'invalid',
  },
  {
    name: 'R33 answers with a terminal in mind',
    how: atManifest(() => ({
      status: 400,
      body: Buffer.from(JSON.stringify({ errors: [{ code: 'X', message: '\u001b[2J\r\n'.repeat(9000) }] })),
    })),
    kind: 'invalid',
  },
];

describe('a pull from a registry that', () => {
  let scene: Scene;
  before(async () => {
    scene = await openScene();
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const { name, how, kind, words } of cases.filter((each) => each.kind !== undefined)) {
    it(`${name} installs nothing`, async () => {
      scene.registry.misbehave(how(scene.published, scene.registry));
      const error = await scene.pull().then(
        () => assert.fail('it was installed'),
        (failure: unknown) => failure,
      );
      assertPlainError(error);
      assert.equal(error.kind, kind, error.message);
      if (words !== undefined) assert.match(error.message, words);
      await scene.fixture.assertOnly([], []);
      assertNothingLeaked(scene);
    });
  }
  for (const { name, how } of cases.filter((each) => each.kind === undefined)) {
    it(`${name} installs the plugin whole`, async () => {
      await using own = await openScene();
      own.registry.misbehave(how(own.published, own.registry));
      await own.pull();
      const [record] = own.fixture.parts.store.all();
      assert.ok(record);
      assert.equal(own.fixture.rootfsFile(record, 'second'), 'two');
      await own.fixture.assertOnly([record], own.published.digests);
      assertNothingLeaked(own);
    });
  }

  it('R25 moves its tag after the privileges were granted installs nothing', async () => {
    await using own = await openScene();
    own.registry.misbehave((_, answer) => answer);
    await own.privileges();
    publishPlugin(own.fixture.remote.repository('acme/plugin'), 'v1', {
      layers,
      config: { network: { type: 'host' } },
    });
    const error = await own.pull().then(
      () => assert.fail('it was installed'),
      (failure: unknown) => failure,
    );
    assertPlainError(error);
    assert.equal(error.kind, 'forbidden');
    await own.fixture.assertOnly([], []);
  });
  it('R25 moves its tag during the pull installs the version that was resolved', async () => {
    await using own = await openScene();
    own.registry.misbehave((request, answer) => {
      if (request.kind === 'manifest' && answer.status === 200) {
        publishPlugin(own.fixture.remote.repository('acme/plugin'), 'v1', { layers: [{ second: 'new' }] });
      }
      return answer;
    });
    await own.pull();
    const [record] = own.fixture.parts.store.all();
    assert.equal(record?.manifestDigest, own.published.manifestDigest);
    assert.equal(record && own.fixture.rootfsFile(record, 'second'), 'two');
  });
  for (const kind of ['token', 'manifest', 'blob'] as const) {
    for (const status of [404, 403, 500]) {
      it(`R27 answers ${status} for a ${kind} names no privileges`, async () => {
        scene.registry.misbehave((request, answer) =>
          request.kind === kind && answer.status < 300
            ? { status, headers: {}, body: Buffer.alloc(0) }
            : answer,
        );
        assertPlainError(await scene.privileges().catch((failure: unknown) => failure));
        assertNothingLeaked(scene);
      });
    }
  }
});
