/**
 * `POST /plugins/pull` requests that install nothing.
 */
import type { ConformanceCase, PublishedPlugin, RawRequest } from '../conformance-case.ts';
import { failure, stream, streamError } from '../expectations.ts';
import { asking, grant, grants, pull, pulled } from './pull-request.ts';

const digest = `sha256:${'0'.repeat(64)}`;

const refusedBodies: readonly (readonly [
  id: string,
  title: string,
  body: string,
  status: number,
  message: RegExp | string,
  headers?: RawRequest['headers'],
])[] = [
  ['not-json', 'privileges that are not JSON', '[{', 400, /^invalid JSON: /],
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
  ['no-remote', 'pulling without a remote', '', /^invalid reference format/],
  [
    'upper-case',
    'pulling a name in upper case',
    'remote=Acme/P',
    'invalid reference format: repository name must be lowercase',
  ],
  ['bad-alias', 'pulling under an invalid name', 'remote={remote}&name=A', /^invalid reference format/],
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
    'another value of the first privilege in sorted order',
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
    'pulling a plugin whose config is not JSON',
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

export const refusedPullCases: readonly ConformanceCase[] = [
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
    title: 'pulling a plugin that the registry does not have',
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
