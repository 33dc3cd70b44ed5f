/**
 * `POST /plugins/{name}/push`, and the headers of a request that reach a registry.
 */
import type { ConformanceCase, Given, RawRequest } from '../conformance-case.ts';
import { blobStep, document, failure, ok, seen, stream, streamError } from '../expectations.ts';
import { atLeast, count } from '../shape.ts';
import { pullLines } from './pull-request.ts';

const json = { 'Content-Type': 'application/json' };
const blobId = /^[0-9a-f]{12}$/;
/** Progress of a push for each blob; Docker counts the manifest as one. */
const anyBlob = blobStep(blobId, 'Preparing', 'Waiting', 'Uploading', 'Upload complete', 'Already exists');

const pushed = stream({
  first: [{ status: 'The push refers to repository [{repo}]' }],
  others: [anyBlob],
  last: { progressDetail: {}, aux: { Tag: 'v1', Digest: /^sha256:[0-9a-f]{64}$/, Size: count } },
});

/** A plugin whose privileges prove that the request reached the registry. */
const askingForNetwork = { config: { Network: { Type: 'host' } } };
const networkPrivilege = document([atLeast({ Name: 'network', Value: ['host'] })]);

const installed: readonly Given[] = [{ published: {} }, { installed: '{remote}' }];

function pull(remote: string, headers: RawRequest['headers']): RawRequest {
  return { line: `POST /plugins/pull?remote=${remote}`, headers: { ...json, ...headers }, body: '[]' };
}
const account = { username: 'conformance', password: 'secret' };
const encoded = Buffer.from(JSON.stringify(account)).toString('base64url');

/** Forms of the credentials header, all for the same account. */
const credentials: readonly (readonly [id: string, title: string, header: string])[] = [
  ['padded', 'in the URL-safe alphabet, padded', encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=')],
  [
    'key-case',
    'with keys in other case',
    base64Url('{"UserName":"conformance","PASSWORD":"secret","extra":1}'),
  ],
  [
    'unpadded',
    'without padding',
    base64Url('{"username":"conformance","password":"secret","a":"12"}').replace(/=+$/, ''),
  ],
  [
    'standard',
    'in the standard alphabet',
    Buffer.from('{"username":"conformance","password":"secret","a":"?>?>?>"}').toString('base64'),
  ],
  [
    'auth',
    'as `auth` alone',
    base64Url(JSON.stringify({ auth: Buffer.from('conformance:secret').toString('base64') })),
  ],
];

function base64Url(text: string): string {
  return Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** Forms of the credentials header without an account. */
const noCredentials: readonly (readonly [id: string, title: string, header: string])[] = [
  ['absent', 'no credentials', ''],
  ['empty-object', 'an empty object for credentials, as the command line sends it', 'e30='],
  ['garbage', 'credentials that are not Base64', '!!!'],
  ['raw-json', 'credentials that are not encoded', JSON.stringify(account)],
  ['wrong', 'a wrong password', base64Url('{"username":"conformance","password":"wrong"}')],
];

const authCases: readonly ConformanceCase[] = [
  ...credentials.map(
    ([id, title, header]): ConformanceCase => ({
      id: `auth.${id}`,
      title: `pulling with credentials ${title}`,
      given: [{ published: {} }],
      request: pull('{protected}', { 'X-Registry-Auth': header }),
      expect: stream({
        ...pullLines('{manifest}', '{layer}', 'v1'),
        first: [{ status: /^Pulling from /, id: 'v1' }, { status: 'Digest: {manifest}' }],
      }),
    }),
  ),
  ...noCredentials.map(
    ([id, title, header]): ConformanceCase => ({
      id: `auth.${id}`,
      title: `pulling with ${title}`,
      given: [{ published: {} }],
      request: pull('{protected}', header === '' ? {} : { 'X-Registry-Auth': header }),
      expect: failure(401, /^error resolving plugin reference: /, { 'docker-plugin-name': '{protected}' }),
    }),
  ),
];

const meta = { 'X-Meta-Color': 'blue', 'X-Other': 'no' };
const forwarded = { 'x-meta-color': 'blue', 'x-other': null, 'user-agent': /./ };

const registryHeaders: readonly ConformanceCase[] = [
  {
    id: 'meta.privileges',
    title: 'asking for privileges with headers for the registry',
    given: [{ published: askingForNetwork }],
    request: { line: 'GET /plugins/privileges?remote={remote}', headers: meta },
    expect: networkPrivilege,
    registrySaw: [seen(/^(GET|HEAD)$/, /\/v2\/{path}\/manifests\/v1/, forwarded)],
  },
  {
    id: 'meta.pull',
    title: 'pulling with headers for the registry',
    given: [{ published: {} }],
    request: pull('{remote}', meta),
    expect: stream(pullLines('{manifest}', '{layer}', 'v1')),
    registrySaw: [
      seen(/^(GET|HEAD)$/, /\/v2\/{path}\/manifests\/v1/, forwarded),
      seen(/^GET$/, /\/v2\/{path}\/blobs\//, forwarded),
    ],
  },
  {
    id: 'meta.push',
    title: 'pushing with headers for the registry',
    given: [{ made: {}, as: 'remote' }],
    request: { line: 'POST /plugins/{remote}/push', headers: meta },
    expect: pushed,
    registrySaw: [seen(/^PUT$/, /\/v2\/{path}\/manifests\//, forwarded)],
  },
];

export const pushCases: readonly ConformanceCase[] = [
  {
    id: 'push.created',
    title: 'pushing a created plugin',
    given: [{ made: askingForNetwork, as: 'remote' }],
    request: { line: 'POST /plugins/{remote}/push' },
    expect: pushed,
    afterwards: [{ request: { line: 'GET /plugins/privileges?remote={remote}' }, expect: networkPrivilege }],
    isRepeatable: true,
    versions: 'every',
  },
  {
    id: 'push.layers',
    title: 'pushing reports the completion of each blob',
    given: [{ made: {}, as: 'remote' }],
    request: { line: 'POST /plugins/{remote}/push', headers: { 'X-Registry-Auth': 'e30=' } },
    expect: stream({
      first: [{ status: 'The push refers to repository [{repo}]' }],
      includes: [blobStep(blobId, 'Upload complete')],
      others: [anyBlob],
      last: { progressDetail: {}, aux: { Tag: 'v1', Digest: /^sha256:[0-9a-f]{64}$/, Size: count } },
    }),
  },
  {
    id: 'push.installed',
    title: 'pushing an installed plugin back keeps its digest',
    given: installed,
    request: { line: 'POST /plugins/{remote}/push' },
    expect: stream({
      first: [{ status: 'The push refers to repository [{repo}]' }],
      others: [anyBlob],
      last: { progressDetail: {}, aux: { Tag: 'v1', Digest: '{manifest}', Size: count } },
    }),
  },
  {
    id: 'push.id',
    title: 'pushing by ID',
    given: installed,
    request: { line: 'POST /plugins/{shortId}/push' },
    expect: pushed,
  },
  {
    id: 'push.docker-py',
    title: 'pushing by the path that docker-py uses',
    given: installed,
    request: { line: 'POST /plugins/{remote}/pull' },
    expect: pushed,
  },
  {
    id: 'push.enabled',
    title: 'pushing an enabled plugin',
    given: [{ made: { runs: true }, as: 'remote' }, { enabled: '{remote}' }],
    request: { line: 'POST /plugins/{remote}/push' },
    expect: pushed,
    afterwards: [
      { request: { line: 'GET /plugins/{remote}/json' }, expect: document(atLeast({ Enabled: true })) },
    ],
  },
  {
    id: 'push.unreachable',
    title: 'pushing to a registry that does not answer',
    given: [{ made: {}, as: 'unreachable' }],
    request: { line: 'POST /plugins/{unreachable}/push' },
    expect: stream({
      first: [{ status: /^The push refers to repository \[127\.0\.0\.1:1\// }],
      others: [anyBlob],
      last: streamError(/^error pushing plugin: /),
    }),
  },
  {
    id: 'push.denied',
    title: 'pushing to a registry that requires a password',
    given: [{ made: {}, as: 'protected' }],
    request: { line: 'POST /plugins/{protected}/push' },
    expect: stream({
      first: [{ status: /^The push refers to repository \[/ }],
      others: [anyBlob],
      last: streamError(/^error pushing plugin: /),
    }),
  },
  ...authCases,
  ...registryHeaders,
];

export const lifeCases: readonly ConformanceCase[] = [
  {
    id: 'life.connection',
    title: 'two requests on one connection',
    given: [{ made: {} }],
    request: { line: 'DELETE /plugins/{name}', isFollowedByPing: true },
    expect: ok,
  },
];
