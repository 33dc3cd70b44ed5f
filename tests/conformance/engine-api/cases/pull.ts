/**
 * `POST /plugins/pull` requests that install a plugin.
 */
import type { ConformanceCase, Given } from '../conformance-case.ts';
import { blobStep, document, noContent, ok, stream } from '../expectations.ts';
import { atLeast } from '../shape.ts';
import { asking, grants, pull, pulled, steps } from './pull-request.ts';

const json = { 'Content-Type': 'application/json' };

/** The second layer deletes files of the first one. */
const layered: readonly Given[] = [
  {
    published: {
      layers: [[{ name: 'old', content: 'x' }], [{ name: '.wh.old', content: '' }]],
    },
  },
];

export const pullCases: readonly ConformanceCase[] = [
  {
    id: 'pull.plain',
    title: 'pulling a plugin without privileges',
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
      ['mounts-swapped', 'with its mounts in another order', [grants[0], grants[2], grants[1]]],
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
    title: 'pulling under a name with the default host',
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
    title: 'pulling an installed plugin under another name',
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
