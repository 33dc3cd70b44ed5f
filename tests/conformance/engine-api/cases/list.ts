/**
 * `GET /plugins` and its filters.
 */
import type { ConformanceCase, Expectation, Given } from '../conformance-case.ts';
import { document, failure } from '../expectations.ts';
import { atLeast, containing } from '../shape.ts';

const query = (filters: unknown) => `filters=${encodeURIComponent(JSON.stringify(filters))}`;
const withTypes = (...types: readonly string[]): Given => ({
  made: { config: { Interface: { Types: types, Socket: 'conformance.sock' } } },
});
const listed = document(containing(atLeast({ Name: '{name}' })));
const none = document([]);

const filterCases: readonly (readonly [
  id: string,
  title: string,
  filters: unknown,
  expect: Expectation,
  given?: readonly Given[],
])[] = [
  [
    'enabled-true',
    'listing enabled plugins',
    { enabled: ['true'] },
    listed,
    [{ made: { runs: true } }, { enabled: '{name}' }],
  ],
  ['enabled-false', 'listing disabled plugins', { enabled: ['false'] }, listed, [{ made: {} }]],
  [
    'enabled-form',
    "listing with the command line's form of filters",
    { enabled: { false: true } },
    listed,
    [{ made: {} }],
  ],
  ['enabled-one', 'listing with enabled=1', { enabled: ['1'], capability: ['^none$'] }, none],
  ['enabled-zero', 'listing with enabled=0', { enabled: ['0'] }, listed, [{ made: {} }]],
  [
    'enabled-bad',
    'listing with enabled=maybe',
    { enabled: ['maybe'] },
    failure(400, /^invalid filter 'enabled=\[maybe\]'/),
  ],
  [
    'enabled-both',
    'listing with enabled=true and =false',
    { enabled: ['true', 'false'] },
    failure(400, /^invalid filter 'enabled=/),
  ],
  [
    'enabled-empty',
    'listing with no value for enabled',
    { enabled: [] },
    failure(400, /^invalid filter 'enabled=\[\]'/),
  ],
  [
    'unknown-key',
    'listing with an unknown filter',
    { bogus: ['x'] },
    failure(400, /^invalid filter 'bogus'/),
  ],
  [
    'capability',
    'listing by capability',
    { capability: ['volumedriver'] },
    listed,
    [withTypes('docker.volumedriver/1.0')],
  ],
  [
    'capability-part',
    'listing by part of a capability',
    { capability: ['^volume'] },
    listed,
    [withTypes('docker.volumedriver/1.0')],
  ],
  [
    'capability-or',
    'listing by either of two capabilities',
    { capability: ['authz', 'volumedriver'] },
    listed,
    [withTypes('docker.volumedriver/1.0')],
  ],
  [
    'capability-none',
    'listing by a capability that no plugin has',
    { capability: ['^conformance$'], enabled: ['true'] },
    none,
  ],
  [
    'capability-case',
    'listing by a capability in upper case',
    { capability: ['VOLUMEDRIVER'], enabled: ['true'] },
    none,
    [withTypes('docker.volumedriver/1.0')],
  ],
  [
    'capability-full',
    'listing by the full type',
    { capability: ['docker.volumedriver/1.0'], enabled: ['true'] },
    none,
    [withTypes('docker.volumedriver/1.0')],
  ],
  [
    'capability-several',
    "listing by one of a plugin's two capabilities",
    { capability: ['authz'] },
    listed,
    [withTypes('docker.volumedriver/1.0', 'docker.authz/1.0')],
  ],
  [
    'both-filters',
    'listing with two filters',
    { capability: ['volumedriver'], enabled: ['false'] },
    listed,
    [withTypes('docker.volumedriver/1.0')],
  ],
];

const textCases: readonly (readonly [id: string, title: string, text: string, expect: Expectation])[] = [
  ['not-json', 'listing with filters that are not JSON', 'filters=nope', failure(400, /^invalid filter/)],
  [
    'array',
    'listing with filters that are an array',
    `filters=${encodeURIComponent('[]')}`,
    failure(400, /^invalid filter/),
  ],
  [
    'numbers',
    'listing with filters of numbers',
    `filters=${encodeURIComponent('{"enabled":[1]}')}`,
    failure(400, /^invalid filter/),
  ],
  [
    'half',
    'listing with truncated JSON as filters',
    `filters=${encodeURIComponent('{"enabled":')}`,
    failure(400, /^invalid filter/),
  ],
];

export const listCases: readonly ConformanceCase[] = [
  {
    id: 'list.all',
    title: 'listing plugins',
    given: [{ made: {} }],
    request: { line: 'GET /plugins' },
    expect: document(containing(atLeast({ Id: '{id}', Name: '{name}', Enabled: false }))),
    versions: 'every',
  },
  {
    id: 'list.empty-filters',
    title: 'listing with an empty filter',
    given: [{ made: {} }],
    request: { line: 'GET /plugins?filters=' },
    expect: listed,
  },
  {
    id: 'list.empty-object',
    title: 'listing with no key in the filters',
    given: [{ made: {} }],
    request: { line: `GET /plugins?${query({})}` },
    expect: listed,
  },
  ...filterCases.map(
    ([id, title, filters, expect, given = []]): ConformanceCase => ({
      id: `list.${id}`,
      title,
      given,
      request: { line: `GET /plugins?${query(filters)}` },
      expect,
    }),
  ),
  ...textCases.map(
    ([id, title, text, expect]): ConformanceCase => ({
      id: `list.filters-${id}`,
      title,
      request: { line: `GET /plugins?${text}` },
      expect,
    }),
  ),
];
