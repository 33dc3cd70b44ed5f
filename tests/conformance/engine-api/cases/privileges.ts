/**
 * `GET /plugins/privileges`
 */
import type { ConformanceCase, Expectation, PublishedPlugin } from '../conformance-case.ts';
import { document, failure } from '../expectations.ts';
import { atLeast } from '../shape.ts';

const id64 = 'f'.repeat(64);

const refused: readonly (readonly [id: string, title: string, query: string, message: string | RegExp])[] = [
  ['missing', 'privileges without a remote', '', /^invalid reference format/],
  ['empty', 'privileges of an empty name', '?remote=', /^invalid reference format/],
  [
    'upper-case',
    'privileges of a name in upper case',
    '?remote=Acme/P',
    'invalid reference format: repository name must be lowercase',
  ],
  [
    'id',
    'privileges of an ID',
    `?remote=${id64}`,
    `invalid repository name (${id64}), cannot specify 64-byte hexadecimal strings`,
  ],
  ['bad-tag', 'privileges of an invalid tag', '?remote=acme/p:-', /^invalid reference format/],
];

const asking: PublishedPlugin = {
  config: {
    Network: { Type: 'host' },
    IpcHost: true,
    PidHost: true,
    Mounts: [
      { Source: '/b', Destination: '/1', Type: 'bind', Options: ['bind'] },
      { Source: null, Destination: '/2', Type: 'bind', Options: ['bind'], Settable: ['source'] },
      { Source: '/a', Destination: '/3', Type: 'bind', Options: ['bind'] },
    ],
    Linux: {
      Devices: [
        { Name: 'a', Path: '/dev/fuse' },
        { Name: 'b', Path: null, Settable: ['path'] },
      ],
      AllowAllDevices: true,
      Capabilities: ['CAP_SYS_ADMIN', 'CAP_KILL'],
    },
  },
};

const everyPrivilege = [
  { Name: 'network', Description: 'permissions to access a network', Value: ['host'] },
  { Name: 'host ipc namespace', Description: 'allow access to host ipc namespace', Value: ['true'] },
  { Name: 'host pid namespace', Description: 'allow access to host pid namespace', Value: ['true'] },
  { Name: 'mount', Description: 'host path to mount', Value: ['/b'] },
  { Name: 'mount', Description: 'host path to mount', Value: ['/a'] },
  { Name: 'device', Description: 'host device to access', Value: ['/dev/fuse'] },
  { Name: 'allow-all-devices', Description: "allow 'rwm' access to all devices", Value: ['true'] },
  {
    Name: 'capabilities',
    Description: 'list of additional capabilities required',
    Value: ['CAP_SYS_ADMIN', 'CAP_KILL'],
  },
];

const networks: readonly (readonly [type: string, value: Expectation])[] = [
  ['bridge', document([])],
  ['null', document([])],
  ['none', document([atLeast({ Name: 'network', Value: ['none'] })])],
  ['other', document([atLeast({ Name: 'network', Value: ['other'] })])],
];

export const privilegesCases: readonly ConformanceCase[] = [
  {
    id: 'privileges.all',
    title: 'privileges of a plugin with all privileges',
    given: [{ published: asking }],
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: document(everyPrivilege),
    versions: 'every',
  },
  {
    id: 'privileges.none',
    title: 'privileges of a plugin without privileges',
    given: [{ published: {} }],
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: document([]),
  },
  ...networks.map(
    ([type, expect]): ConformanceCase => ({
      id: `privileges.network-${type}`,
      title: `privileges of a plugin with network "${type}"`,
      given: [{ published: { config: { Network: { Type: type } } } }],
      request: { line: 'GET /plugins/privileges?remote={remote}' },
      expect,
    }),
  ),
  ...refused.map(
    ([id, title, query, message]): ConformanceCase => ({
      id: `privileges.${id}`,
      title,
      request: { line: `GET /plugins/privileges${query}` },
      expect: failure(400, message),
    }),
  ),
  {
    id: 'privileges.not-found',
    title: 'privileges of a plugin that the registry does not have',
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: failure(404, 'error resolving plugin reference: {remote}: not found'),
  },
  {
    id: 'privileges.unreachable',
    title: 'privileges from a registry that does not answer',
    request: { line: 'GET /plugins/privileges?remote={unreachable}' },
    expect: failure(503, /^error resolving plugin reference: .*127\.0\.0\.1:1/),
  },
  {
    id: 'privileges.denied',
    title: 'privileges from a registry that requires a password',
    given: [{ published: {} }],
    request: { line: 'GET /plugins/privileges?remote={protected}' },
    expect: failure(401, /^error resolving plugin reference: /),
  },
  {
    id: 'privileges.not-a-plugin',
    title: 'privileges of a container image',
    given: [{ published: { configType: 'application/vnd.docker.container.image.v1+json' } }],
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: failure(400, /^did not find plugin config for specified reference {remote}/),
  },
  {
    id: 'privileges.index',
    title: 'privileges of a plugin for several platforms',
    given: [{ published: { ...asking, isIndexed: true } }],
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: document(everyPrivilege),
  },
  {
    id: 'privileges.bad-config',
    title: 'privileges of a plugin whose config is not JSON',
    given: [{ published: { configText: 'nope' } }],
    request: { line: 'GET /plugins/privileges?remote={remote}' },
    expect: failure(400, /^failed to parse config/),
  },
  {
    id: 'privileges.digest',
    title: 'privileges of a plugin by its digest',
    given: [{ published: asking }],
    request: { line: 'GET /plugins/privileges?remote={repo}@{manifest}' },
    expect: document(everyPrivilege),
  },
];
