/**
 * `POST /plugins/{name}/upgrade`
 */
import type { ConformanceCase, Given, RawRequest } from '../conformance-case.ts';
import { document, failure, stream, streamError } from '../expectations.ts';
import { atLeast } from '../shape.ts';
import { pullLines } from './pull-request.ts';

const json = { 'Content-Type': 'application/json' };
const env = (name: string, value: string) => ({
  Name: name,
  Description: '',
  Value: value,
  Settable: ['value'],
});

/** Version 1 is installed; version 2 has another description and one more variable. */
const given: readonly Given[] = [
  { published: { config: { Description: 'one', Env: [env('DEBUG', '0')] } } },
  {
    published: { config: { Description: 'two', Env: [env('DEBUG', '0'), env('ADDED', 'x')] } },
    as: 'upgrade',
  },
  { installed: '{remote}' },
];
const upgraded = pullLines('{upgradeManifest}', '{upgradeLayer}', 'v2');
const back = pullLines('{manifest}', '{layer}', 'v1');
const success = stream(upgraded, { 'docker-plugin-name': '{remote}' });

function upgrade(plugin: string, query = 'remote={upgrade}', body: string | undefined = '[]'): RawRequest {
  return { line: `POST /plugins/${plugin}/upgrade?${query}`, headers: json, body };
}
const isStill = (description: string) => ({
  request: { line: 'GET /plugins/{remote}/json' },
  expect: document(atLeast({ Id: '{id}', Config: atLeast({ Description: description }) })),
});

export const upgradeCases: readonly ConformanceCase[] = [
  {
    id: 'upgrade.plain',
    title: 'upgrading, and back again',
    given,
    request: upgrade('{remote}'),
    expect: success,
    afterwards: [
      {
        request: { line: 'GET /plugins/{remote}/json' },
        expect: document(
          atLeast({
            Id: '{id}',
            Name: '{remote}',
            Enabled: false,
            PluginReference: '{upgrade}',
            Config: atLeast({ Description: 'two' }),
          }),
        ),
      },
      {
        request: upgrade('{remote}', 'remote={remote}'),
        expect: stream(back, { 'docker-plugin-name': '{remote}' }),
      },
      isStill('one'),
    ],
    isRepeatable: true,
    versions: 'since-1.26',
  },
  {
    id: 'upgrade.version-1.25',
    title: 'upgrading in an API version without upgrades',
    given,
    request: upgrade('{remote}'),
    expect: failure(400, 'POST /plugins/{name:.*}/upgrade requires minimum API version 1.26'),
    afterwards: [isStill('one')],
    versions: ['1.25'],
  },
  {
    id: 'upgrade.settings',
    title: 'upgrading keeps set values and adds new defaults',
    given: [...given, { set: ['DEBUG=1'], of: '{remote}' }],
    request: upgrade('{remote}'),
    expect: success,
    afterwards: [
      {
        request: { line: 'GET /plugins/{remote}/json' },
        expect: document(atLeast({ Settings: atLeast({ Env: ['DEBUG=1', 'ADDED=x'] }) })),
      },
    ],
  },
  {
    id: 'upgrade.same',
    title: 'upgrading to the same version',
    given: given.filter((step) => !('as' in step)),
    request: upgrade('{remote}', 'remote={remote}'),
    expect: stream({
      ...pullLines('{manifest}', '{layer}', 'v1'),
      includes: [],
      others: [
        ...pullLines('{manifest}', '{layer}', 'v1').includes,
        ...pullLines('{manifest}', '{layer}', 'v1').others,
      ],
    }),
  },
  {
    id: 'upgrade.enabled',
    title: 'upgrading an enabled plugin',
    given: [
      { published: { runs: true } },
      { published: { runs: true }, as: 'upgrade' },
      { installed: '{remote}' },
      { enabled: '{remote}' },
    ],
    request: upgrade('{remote}'),
    expect: failure(409, 'plugin must be disabled before upgrading: plugin {remote} is enabled'),
  },
  {
    id: 'upgrade.id',
    title: 'upgrading by ID',
    given,
    request: upgrade('{id}'),
    expect: success,
    afterwards: [isStill('two')],
  },
  {
    id: 'upgrade.id-prefix',
    title: 'upgrading by an ID prefix',
    given,
    request: upgrade('{shortId}'),
    expect: success,
    afterwards: [isStill('two')],
  },
  {
    id: 'upgrade.unknown',
    title: 'upgrading an unknown plugin',
    given: [{ published: {}, as: 'upgrade' }],
    request: upgrade('{name}'),
    expect: failure(404, 'plugin "{name}" not found'),
  },
  {
    id: 'upgrade.no-remote',
    title: 'upgrading without a remote',
    given,
    request: upgrade('{remote}', ''),
    expect: failure(400, /^invalid reference format/),
  },
  {
    id: 'upgrade.not-found',
    title: 'upgrading to a plugin that the registry does not have',
    given,
    request: upgrade('{remote}', 'remote={repo}:v9'),
    expect: failure(404, 'error resolving plugin reference: {repo}:v9: not found', {
      'docker-plugin-name': '{remote}',
    }),
    afterwards: [isStill('one')],
  },
  {
    id: 'upgrade.privileges-differ',
    title: 'upgrading with privileges other than the granted ones',
    given: [
      { published: { config: { Description: 'one' } } },
      { published: { config: { Network: { Type: 'host' } } }, as: 'upgrade' },
      { installed: '{remote}' },
    ],
    request: upgrade('{remote}'),
    expect: stream({
      first: upgraded.first,
      others: upgraded.others,
      last: streamError(/^incorrect privileges/),
    }),
    afterwards: [isStill('one')],
  },
  {
    id: 'upgrade.no-body',
    title: 'upgrading with no body for no privileges',
    given,
    request: { line: 'POST /plugins/{remote}/upgrade?remote={upgrade}' },
    expect: success,
  },
  {
    id: 'upgrade.empty-object',
    title: 'upgrading with {} for no privileges',
    given,
    request: upgrade('{remote}', undefined, '{}'),
    expect: success,
  },
  {
    id: 'upgrade.not-json',
    title: 'upgrading with privileges that are not JSON',
    given,
    request: upgrade('{remote}', undefined, '[{'),
    expect: failure(400, /^invalid JSON: /),
  },
  {
    id: 'upgrade.text-plain',
    title: 'upgrading with privileges as text',
    given,
    request: { ...upgrade('{remote}'), headers: { 'Content-Type': 'text/plain' } },
    expect: failure(400, "unsupported Content-Type header (text/plain): must be 'application/json'"),
  },
];
