/**
 * `POST /plugins/pull`
 */
import type { ConformanceCase, Given, PublishedPlugin, RawRequest } from '../conformance-case.ts';
import { blobStep, document, failure, noContent, ok, stream, streamError } from '../expectations.ts';
import { atLeast, type Shape } from '../shape.ts';

const json = { 'Content-Type': 'application/json' };
const digest = `sha256:${'0'.repeat(64)}`;

const steps = [
  'Waiting',
  'Pulling fs layer',
  'Downloading',
  'Download complete',
  'Extracting',
  'Already exists',
];

/** The lines of a pull or upgrade that succeeds. */
export function pullLines(manifest: string, layer: string, tag: string) {
  return {
    first: [{ status: 'Pulling from {repo}', id: tag }, { status: `Digest: ${manifest}` }] satisfies Shape[],
    includes: [blobStep(layer, 'Complete')],
    others: [blobStep(layer, ...steps)],
  };
}

const pulled = pullLines('{manifest}', '{layer}', 'v1');

function pull(
  body: string | undefined,
  query = 'remote={remote}',
  headers: RawRequest['headers'] = json,
): RawRequest {
  return { line: `POST /plugins/pull?${query}`, headers, ...(body === undefined ? {} : { body }) };
}

const asking: PublishedPlugin = {
  config: {
    Network: { Type: 'host' },
    Mounts: [
      { Source: '/var/tmp', Destination: '/1', Type: 'bind', Options: ['bind'] },
      { Source: '/srv', Destination: '/2', Type: 'bind', Options: ['bind'] },
    ],
  },
};
const grant = (name: string, ...value: readonly string[]) => ({ Name: name, Description: '', Value: value });
const grants = [grant('network', 'host'), grant('mount', '/var/tmp'), grant('mount', '/srv')] as const;

const successes: readonly ConformanceCase[] = [
  {
    id: 'pull.plain',
    title: 'pulling a plugin that asks for nothing',
    given: [{ published: {} }],
    request: pull('[]'),
    expect: stream(pulled, { 'docker-plugin-name': '{remote}' }),
    afterwards: [
      {
        request: { line: 'GET /plugins/{remote}/json' },
        expect: document(atLeast({ Name: '{remote}', Enabled: false, PluginReference: '{remote}' })),
      },
      { request: { line: 'DELETE /plugins/{remote}' }, expect: ok },
    ],
    isRepeatable: true,
    versions: 'every',
  },
  ...(
    [
      ['null', 'null', 'null'],
      ['empty-object', '{}', '{}'],
      ['no-body', 'no body', undefined],
      ['empty-body', 'an empty body', ''],
    ] as const
  ).map(
    ([id, title, body]): ConformanceCase => ({
      id: `pull.privileges-${id}`,
      title: `pulling with ${title} for no privileges`,
      given: [{ published: {} }],
      request: pull(body),
      expect: stream(pulled, { 'docker-plugin-name': '{remote}' }),
    }),
  ),
  ...(
    [
      ['as-asked', 'as they were asked', grants],
      ['reordered', 'in another order', [grants[1], grants[2], grants[0]]],
      ['mounts-swapped', 'with its mounts swapped', [grants[0], grants[2], grants[1]]],
    ] as const
  ).map(
    ([id, title, body]): ConformanceCase => ({
      id: `pull.granted-${id}`,
      title: `pulling with privileges granted ${title}`,
      given: [{ published: asking }],
      request: pull(JSON.stringify(body)),
      expect: stream(pulled, { 'docker-plugin-name': '{remote}' }),
    }),
  ),
  {
    id: 'pull.empty-alias',
    title: 'pulling with an empty name, as the command line does',
    given: [{ published: {} }],
    request: pull('[]', 'name=&remote={remote}'),
    expect: stream(pulled, { 'docker-plugin-name': '{remote}' }),
  },
  {
    id: 'pull.alias',
    title: 'pulling under another name',
    given: [{ published: {} }],
    request: pull('[]', 'remote={remote}&name={alias}'),
    expect: stream(pulled, { 'docker-plugin-name': '{alias}' }),
    afterwards: [
      { request: { line: 'GET /plugins/{alias}/json' }, expect: document(atLeast({ Name: '{alias}' })) },
    ],
  },
  {
    id: 'pull.alias-untagged',
    title: 'pulling under another name without tag',
    given: [{ published: {} }],
    request: pull('[]', 'remote={remote}&name={path}-short'),
    expect: stream(pulled, { 'docker-plugin-name': '{path}-short:latest' }),
  },
  {
    id: 'pull.alias-qualified',
    title: 'pulling under a name with the host that is the default',
    given: [{ published: {} }],
    request: pull('[]', 'remote={remote}&name=docker.io/{alias}'),
    expect: stream(pulled, { 'docker-plugin-name': '{alias}' }),
    afterwards: [
      { request: { line: 'GET /plugins/{alias}/json' }, expect: document(atLeast({ Name: '{alias}' })) },
    ],
  },
  {
    id: 'pull.form-encoded-remote',
    title: 'pulling a remote whose characters are escaped',
    given: [{ published: {} }],
    request: pull('[]', 'remote={registry}%2F{path}%3Av1'),
    expect: stream(pulled, { 'docker-plugin-name': '{remote}' }),
  },
  {
    id: 'pull.chunked',
    title: 'pulling with privileges in chunks',
    given: [{ published: {} }],
    request: { ...pull('[]'), framing: 'chunked' },
    expect: stream(pulled),
  },
  {
    id: 'pull.content-type-parameter',
    title: 'pulling with a charset in the content type',
    given: [{ published: {} }],
    request: pull('[]', undefined, { 'Content-Type': 'application/json; charset=utf-8' }),
    expect: stream(pulled),
  },
  {
    id: 'pull.known-layer',
    title: 'pulling what is there under another name',
    given: [{ published: {} }, { installed: '{alias}' }],
    request: pull('[]'),
    expect: stream({ ...pulled, includes: [...pulled.includes, blobStep('{layer}', 'Already exists')] }),
  },
  {
    id: 'pull.oci-manifest',
    title: 'pulling a plugin with an OCI manifest',
    given: [
      {
        published: {
          manifestType: 'application/vnd.oci.image.manifest.v1+json',
          layerType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        },
      },
    ],
    request: pull('[]'),
    expect: stream(pulled),
  },
  {
    id: 'pull.index',
    title: 'pulling a plugin for several platforms',
    given: [{ published: { isIndexed: true } }],
    request: pull('[]'),
    expect: stream({ ...pulled, first: [pulled.first[0] ?? null, { status: /^Digest: sha256:/ }] }),
  },
  {
    id: 'pull.digest',
    title: 'pulling by digest',
    given: [{ published: {} }],
    request: pull('[]', 'remote={repo}@{manifest}'),
    expect: stream(
      {
        ...pulled,
        first: [{ status: 'Pulling from {repo}', id: '{repo}@{manifest}' }, { status: 'Digest: {manifest}' }],
      },
      { 'docker-plugin-name': '{repo}:latest' },
    ),
    afterwards: [
      {
        request: { line: 'GET /plugins/{repo}/json' },
        expect: document(atLeast({ Name: '{repo}:latest', PluginReference: '{repo}@{manifest}' })),
      },
    ],
  },
  {
    id: 'pull.tag-and-digest',
    title: 'pulling by tag and digest',
    given: [{ published: {} }],
    request: pull('[]', 'remote={remote}@{manifest}'),
    expect: stream(
      {
        ...pulled,
        first: [{ status: 'Pulling from {repo}', id: '{repo}@{manifest}' }, { status: 'Digest: {manifest}' }],
      },
      { 'docker-plugin-name': '{remote}' },
    ),
  },
  {
    id: 'pull.install-session',
    title: 'installing as the command line does: pull, set, enable',
    given: [{ published: { runs: true } }, { installed: '{remote}' }],
    request: { line: 'POST /plugins/{remote}/set', headers: json, body: '["DEBUG=1"]' },
    expect: noContent,
    afterwards: [
      { request: { line: 'POST /plugins/{remote}/enable?timeout=0' }, expect: ok },
      {
        request: { line: 'GET /plugins/{remote}/json' },
        expect: document(atLeast({ Enabled: true, Settings: atLeast({ Env: ['DEBUG=1'] }) })),
      },
    ],
  },
];

const refusedBodies: readonly (readonly [
  id: string,
  title: string,
  body: string,
  status: number,
  message: RegExp | string,
  headers?: RawRequest['headers'],
])[] = [
  ['not-json', 'privileges that are no JSON', '[{', 400, /^invalid JSON: /],
  ['text', 'privileges that are a string', '"all"', 400, /^invalid JSON: /],
  ['strings', 'privileges that are strings', '["all"]', 400, /^invalid JSON: /],
  ['object', 'privileges that are an object', '{"Name":"network"}', 400, /^invalid JSON: /],
  ['two-documents', 'data after the privileges', '[] []', 400, 'unexpected content after JSON'],
  [
    'text-plain',
    'privileges as text',
    '[]',
    400,
    "unsupported Content-Type header (text/plain): must be 'application/json'",
    { 'Content-Type': 'text/plain' },
  ],
  [
    'no-type',
    'privileges without a content type',
    '[]',
    400,
    'malformed Content-Type header (): mime: no media type',
    {},
  ],
];

const badReferences: readonly (readonly [
  id: string,
  title: string,
  query: string,
  message: string | RegExp,
])[] = [
  ['no-remote', 'pulling nothing', '', /^invalid reference format/],
  [
    'upper-case',
    'pulling a name in capitals',
    'remote=Acme/P',
    'invalid reference format: repository name must be lowercase',
  ],
  ['bad-alias', 'pulling under a bad name', 'remote={remote}&name=A', /^invalid reference format/],
  [
    'alias-digest',
    'pulling under a name with a digest',
    `remote={remote}&name={path}@${digest}`,
    'cannot use digest in plugin tag',
  ],
];

const refusedGrants: readonly (readonly [
  id: string,
  title: string,
  body: unknown,
  plugin?: PublishedPlugin,
])[] = [
  ['nothing', 'no privileges', []],
  ['too-few', 'one privilege too few', grants.slice(0, 2)],
  ['too-many', 'one privilege too many', [...grants, grant('device', '/dev/fuse')]],
  ['other-value', 'a privilege of another value', [grants[0], grants[1], grant('mount', '/etc')]],
  ['first-differs', 'a first privilege of another value', [grant('network', 'none'), grants[1], grants[2]]],
  [
    'only-differs',
    'a single privilege of another value',
    [grant('network', 'none')],
    { config: { Network: { Type: 'host' } } },
  ],
  [
    'first-sorted-differs',
    'another value of the one that sorts first',
    [grants[0], grant('mount', '/etc'), grants[2]],
  ],
];

const broken: readonly (readonly [id: string, title: string, plugin: PublishedPlugin, message: RegExp])[] = [
  [
    'image',
    'pulling a container image',
    { configType: 'application/vnd.docker.container.image.v1+json' },
    /^fetched plugin image but plugin config is missing/,
  ],
  [
    'config-text',
    'pulling a plugin whose config is no JSON',
    { configText: 'nope' },
    /^failed to parse config: /,
  ],
  [
    'config-trailing',
    'pulling a plugin with data after its config',
    { configText: '{}{}' },
    /^failed to parse config: /,
  ],
  [
    'unknown-layer',
    'pulling a plugin with layers of an unknown type',
    { layerType: 'application/vnd.example.layer' },
    /unknown type/,
  ],
  ['layerless', 'pulling a plugin without layers', { layers: [] }, /at least one layer/],
];

const brokenLines = { first: pulled.first, others: pulled.others };

const failures: readonly ConformanceCase[] = [
  ...refusedBodies.map(
    ([id, title, body, status, message, headers]): ConformanceCase => ({
      id: `pull.body-${id}`,
      title: `pulling with ${title}`,
      given: [{ published: {} }],
      request: pull(body, undefined, headers),
      expect: failure(status, message),
    }),
  ),
  ...badReferences.map(
    ([id, title, query, message]): ConformanceCase => ({
      id: `pull.${id}`,
      title,
      request: pull('[]', query),
      expect: failure(400, message),
    }),
  ),
  ...refusedGrants.map(
    ([id, title, body, plugin = asking]): ConformanceCase => ({
      id: `pull.refused-${id}`,
      title: `pulling with ${title} granted`,
      given: [{ published: plugin }],
      request: pull(JSON.stringify(body)),
      expect: stream(
        { first: pulled.first, last: streamError(/^incorrect privileges/) },
        { 'docker-plugin-name': '{remote}' },
      ),
      afterwards: [
        {
          request: { line: 'GET /plugins/{remote}/json' },
          expect: failure(404, 'plugin "{remote}" not found'),
        },
      ],
    }),
  ),
  ...broken.map(
    ([id, title, plugin, message]): ConformanceCase => ({
      id: `pull.broken-${id}`,
      title,
      given: [{ published: plugin }],
      request: pull('[]'),
      expect: stream({ ...brokenLines, last: streamError(message) }, { 'docker-plugin-name': '{remote}' }),
      afterwards: [
        {
          request: { line: 'GET /plugins/{remote}/json' },
          expect: failure(404, 'plugin "{remote}" not found'),
        },
      ],
    }),
  ),
  {
    id: 'pull.name-taken',
    title: 'pulling under a name that is taken',
    given: [{ published: {} }, { made: {} }],
    request: pull('[]', 'remote={remote}&name={name}'),
    expect: failure(400, 'plugin {name} already exists', { 'docker-plugin-name': '{name}' }),
  },
  {
    id: 'pull.installed-again',
    title: 'pulling a plugin that is installed',
    given: [{ published: {} }, { installed: '{remote}' }],
    request: pull('[]'),
    expect: failure(400, 'plugin {remote} already exists', { 'docker-plugin-name': '{remote}' }),
  },
  {
    id: 'pull.not-found',
    title: 'pulling what the registry does not have',
    request: pull('[]'),
    expect: failure(404, 'error resolving plugin reference: {remote}: not found', {
      'docker-plugin-name': '{remote}',
    }),
  },
  {
    id: 'pull.unreachable',
    title: 'pulling from a registry that does not answer',
    request: pull('[]', 'remote={unreachable}'),
    expect: failure(503, /^error resolving plugin reference: /, { 'docker-plugin-name': '{unreachable}' }),
  },
];

/** A whiteout in a later layer removes a file of an earlier one, in order. */
const layered: readonly Given[] = [
  {
    published: {
      layers: [[{ name: 'old', content: 'x' }], [{ name: '.wh.old', content: '' }]],
    },
  },
];

export const pullCases: readonly ConformanceCase[] = [
  ...successes,
  ...failures,
  {
    id: 'pull.two-layers',
    title: 'pulling a plugin of two layers',
    given: layered,
    request: pull('[]'),
    expect: stream({
      first: pulled.first,
      includes: [blobStep('{layer}', 'Complete'), blobStep('{secondLayer}', 'Complete')],
      others: [blobStep('{layer}', ...steps), blobStep('{secondLayer}', ...steps)],
    }),
  },
];
