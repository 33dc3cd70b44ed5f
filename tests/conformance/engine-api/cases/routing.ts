/**
 * Versions in paths, unknown paths, methods, and the spellings of names.
 */
import type { ConformanceCase } from '../conformance-case.ts';
import { document, failure, ok, pageNotFound, versionRefused } from '../expectations.ts';
import { atLeast } from '../shape.ts';

const minimum =
  'Minimum supported API version is {minApiVersion}, please upgrade your client to a newer version';

const versionCases: readonly ConformanceCase[] = [
  {
    id: 'version.too-new',
    title: 'a version that is too new',
    request: { line: 'GET /v1.99/plugins' },
    expect: versionRefused('client version 1.99 is too new. Maximum supported API version is {apiVersion}'),
    versions: 'as-written',
  },
  {
    id: 'version.two',
    title: 'a version of another series',
    request: { line: 'GET /v2/plugins' },
    expect: versionRefused('client version 2 is too new. Maximum supported API version is {apiVersion}'),
    versions: 'as-written',
  },
  {
    id: 'version.without-plugins',
    title: 'a version without plugins',
    request: { line: 'GET /v1.24/plugins' },
    expect: versionRefused(`client version 1.24 is too old. ${minimum}`),
    versions: 'as-written',
  },
  {
    id: 'version.too-old',
    title: 'a version below the minimum of every engine',
    request: { line: 'GET /v1.11/plugins' },
    expect: versionRefused(`client version 1.11 is too old. ${minimum}`),
    versions: 'as-written',
  },
  {
    id: 'version.ping-too-new',
    title: 'a ping in a version that is too new',
    request: { line: 'GET /v1.99/_ping' },
    expect: versionRefused('client version 1.99 is too new. Maximum supported API version is {apiVersion}'),
    versions: 'as-written',
  },
  {
    id: 'version.three-numbers',
    title: 'a version of three numbers',
    request: { line: 'GET /v1.25.3/version' },
    expect: document(atLeast({ ApiVersion: '{apiVersion}' })),
    versions: 'as-written',
  },
  {
    id: 'version.unknown-path',
    title: 'a version that is too new with an unknown path',
    request: { line: 'GET /v1.99/nope' },
    expect: pageNotFound,
    versions: 'as-written',
  },
  {
    id: 'version.no-number',
    title: 'a prefix that is not a version',
    request: { line: 'GET /vx/plugins' },
    expect: pageNotFound,
    versions: 'as-written',
  },
];

const unrouted: readonly (readonly [id: string, title: string, line: string])[] = [
  ['root', 'the root', 'GET /'],
  ['unknown', 'an unknown path', 'GET /nope'],
  ['trailing-slash', 'a slash at the end', 'GET /plugins/'],
  ['inspect-trailing-slash', 'a slash at the end of inspect', 'GET /plugins/acme/p/json/'],
  ['put', 'a method that no route has', 'PUT /plugins'],
  ['delete-all', 'deleting the list', 'DELETE /plugins'],
  ['inspect-without-json', 'inspecting without /json, as old dockerode does', 'GET /plugins/acme/p'],
  ['get-enable', 'enabling with GET', 'GET /plugins/acme/p/enable'],
  ['post-json', 'inspecting with POST', 'POST /plugins/acme/p/json'],
  ['post-version', 'asking for the version with POST', 'POST /version'],
  ['head-list', 'HEAD of the list', 'HEAD /plugins'],
  ['head-inspect', 'HEAD of inspect', 'HEAD /plugins/acme/p/json'],
];

const unroutedCases = unrouted.map(
  ([id, title, line]): ConformanceCase => ({
    id: `routing.${id}`,
    title,
    request: { line },
    expect: pageNotFound,
  }),
);

const nameCases: readonly ConformanceCase[] = [
  ['plain', 'a name with slashes and a colon', '{repo}:v1'],
  ['escaped', 'a name with its slashes escaped', '{registry}%2F{path}:v1'],
  ['colon-escaped', 'a name with its colon escaped', '{repo}%3Av1'],
  ['docker-io', 'a name with the host that is the default', 'docker.io/{path}:v1'],
  ['index-docker-io', 'a name with the old host that is the default', 'index.docker.io/{path}:v1'],
].map(
  ([id = '', title = '', name = '']): ConformanceCase => ({
    id: `name.${id}`,
    title: `finding ${title}`,
    given: [{ published: {} }, { installed: '{remote}' }, { made: {}, as: 'name' }],
    request: { line: `GET /plugins/${name}/json` },
    expect: document(atLeast({ Name: name.includes('docker.io') ? '{name}' : '{remote}' })),
  }),
);

export const routingCases: readonly ConformanceCase[] = [
  ...versionCases,
  ...unroutedCases,
  ...nameCases,
  {
    id: 'routing.options',
    title: 'OPTIONS of a path',
    request: { line: 'OPTIONS /plugins' },
    expect: ok,
  },
  {
    id: 'routing.options-unknown',
    title: 'OPTIONS of an unknown path',
    request: { line: 'OPTIONS /nope' },
    expect: ok,
  },
  {
    id: 'routing.options-too-new',
    title: 'OPTIONS in a version that is too new',
    request: { line: 'OPTIONS /v1.99/plugins' },
    expect: versionRefused('client version 1.99 is too new. Maximum supported API version is {apiVersion}'),
    versions: 'as-written',
  },
  {
    id: 'routing.doubled-slashes',
    title: 'doubled slashes',
    request: { line: 'GET //plugins?filters=' },
    expect: {
      status: 301,
      body: { kind: 'none' },
      routing: 'unrouted',
      headers: { location: '/plugins?filters=' },
    },
    versions: 'as-written',
  },
  {
    id: 'routing.doubled-slashes-inside',
    title: 'doubled slashes in a name',
    request: { line: 'GET /v1.41/plugins//acme//p/json' },
    expect: {
      status: 301,
      body: { kind: 'none' },
      routing: 'unrouted',
      headers: { location: '/v1.41/plugins/acme/p/json' },
    },
    versions: 'as-written',
  },
  {
    id: 'routing.bad-escape',
    title: 'a malformed escape',
    request: { line: 'GET /plugins/%zz/json' },
    expect: failure(400, /./),
  },
  {
    id: 'routing.escaped-text',
    title: 'HTML special characters in an error',
    request: { line: 'GET /plugins/a%3Cb%3E&c/json' },
    expect: failure(404, 'plugin "a<b>&c" not found'),
  },
  {
    id: 'routing.body-is-drained',
    title: 'an error that precedes the reading of a long body',
    request: {
      line: 'POST /plugins/create?name=UPPER',
      headers: { 'Content-Type': 'application/x-tar' },
      body: 'x'.repeat(200_000),
      isFollowedByPing: true,
    },
    expect: failure(400, /^failed to parse reference UPPER: invalid reference format/),
  },
];
