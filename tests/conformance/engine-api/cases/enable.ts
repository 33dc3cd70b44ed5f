/**
 * `POST /plugins/{name}/enable`
 */
import type { ConformanceCase, PluginArchive } from '../conformance-case.ts';
import { document, failure, ok } from '../expectations.ts';
import { atLeast } from '../shape.ts';

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const isEnabled = (value: boolean) => ({
  request: { line: 'GET /plugins/{name}/json' },
  expect: document(atLeast({ Enabled: value })),
});

const accepted: readonly (readonly [id: string, title: string, query: string])[] = [
  ['timeout', 'enabling with a timeout', '?timeout=30'],
  ['timeout-plus', 'enabling with a timeout with a sign', '?timeout=%2B5'],
  ['no-timeout', 'enabling without timeout, as dockerode does', ''],
  ['empty-timeout', 'enabling with an empty timeout', '?timeout='],
];

const badTimeouts: readonly (readonly [id: string, title: string, timeout: string])[] = [
  ['word', 'a word', 'abc'],
  ['fraction', 'a fraction', '1.5'],
  ['unit', 'a number with a unit', '5s'],
];

const mount = { Name: 'state', Source: null, Destination: '/state', Type: 'bind', Options: ['rbind'] };
const device = { Name: 'd', Path: null };
const withDevice = (more: object) => ({
  runs: true,
  config: { Linux: { Devices: [{ ...device, ...more }] } },
});

/** Faults of the plugin or its settings. */
const unready: readonly (readonly [id: string, title: string, archive: PluginArchive, message: RegExp])[] = [
  [
    'no-source',
    'enabling with a mount without source that is not settable',
    { runs: true, config: { Mounts: [mount] } },
    /^mount source is not specified/,
  ],
  [
    'no-path',
    'enabling with a device without path that is not settable',
    withDevice({}),
    /^device path is not specified/,
  ],
  [
    'no-device',
    'enabling with a device that the host does not have',
    withDevice({ Path: '/dev/conformance-none' }),
    /^error gathering device information while adding custom device "\/dev\/conformance-none": no such file or directory/,
  ],
  [
    'no-entrypoint',
    'enabling a plugin without entrypoint',
    { config: { Entrypoint: [] } },
    /^cannot start the plugin: its config has no entrypoint$/,
  ],
];

/** Settable values without a value. */
const unset: readonly (readonly [id: string, title: string, archive: PluginArchive])[] = [
  [
    'unset-source',
    'enabling with a settable mount source without a value',
    { runs: true, config: { Mounts: [{ ...mount, Settable: ['source'] }] } },
  ],
  ['unset-path', 'enabling with a settable device path without a value', withDevice({ Settable: ['path'] })],
];

export const enableCases: readonly ConformanceCase[] = [
  {
    id: 'enable.plain',
    title: 'enabling and disabling',
    given: [{ made: { runs: true } }],
    request: { line: 'POST /plugins/{name}/enable?timeout=0' },
    expect: ok,
    afterwards: [
      isEnabled(true),
      { request: { line: 'POST /plugins/{name}/disable' }, expect: ok },
      isEnabled(false),
    ],
    isRepeatable: true,
    versions: 'every',
  },
  ...accepted.map(
    ([id, title, query]): ConformanceCase => ({
      id: `enable.${id}`,
      title,
      given: [{ made: { runs: true } }],
      request: { line: `POST /plugins/{name}/enable${query}` },
      expect: ok,
      afterwards: [isEnabled(true)],
    }),
  ),
  {
    id: 'enable.form-encoded-timeout',
    title: 'enabling with the timeout in a form',
    given: [{ made: { runs: true } }],
    request: { line: 'POST /plugins/{name}/enable', headers: form, body: 'timeout=0' },
    expect: ok,
    afterwards: [isEnabled(true)],
  },
  {
    id: 'enable.json-body',
    title: 'enabling with an ignored body',
    given: [{ made: { runs: true } }],
    request: {
      line: 'POST /plugins/{name}/enable?timeout=0',
      headers: { 'Content-Type': 'application/json' },
      body: '{"timeout":5}',
    },
    expect: ok,
  },
  {
    id: 'enable.id',
    title: 'enabling by ID',
    given: [{ made: { runs: true } }],
    request: { line: 'POST /plugins/{shortId}/enable?timeout=0' },
    expect: ok,
    afterwards: [isEnabled(true)],
  },
  ...badTimeouts.map(
    ([id, title, timeout]): ConformanceCase => ({
      id: `enable.timeout-${id}`,
      title: `enabling with ${title} for timeout`,
      request: { line: `POST /plugins/{name}/enable?timeout=${timeout}` },
      expect: failure(400, `strconv.Atoi: parsing "${timeout}": invalid syntax`),
    }),
  ),
  {
    id: 'enable.timeout-negative',
    title: 'enabling with a negative timeout',
    given: [{ made: { runs: true } }],
    request: { line: 'POST /plugins/{name}/enable?timeout=-1' },
    expect: failure(400, /^invalid timeout "-1"/),
    afterwards: [isEnabled(false)],
  },
  {
    id: 'enable.enabled',
    title: 'enabling an enabled plugin',
    given: [{ made: { runs: true } }, { enabled: '{name}' }],
    request: { line: 'POST /plugins/{shortId}/enable?timeout=0' },
    expect: failure(409, 'plugin already enabled: plugin {name} is enabled'),
  },
  ...unready.map(
    ([id, title, archive, message]): ConformanceCase => ({
      id: `enable.${id}`,
      title,
      given: [{ made: archive }],
      request: { line: 'POST /plugins/{name}/enable?timeout=0' },
      expect: failure(400, message),
      afterwards: [isEnabled(false)],
    }),
  ),
  ...unset.map(
    ([id, title, archive]): ConformanceCase => ({
      id: `enable.${id}`,
      title,
      given: [{ made: archive }],
      request: { line: 'POST /plugins/{name}/enable?timeout=0' },
      expect: ok,
      afterwards: [isEnabled(true)],
    }),
  ),
  {
    id: 'enable.no-program',
    title: 'enabling a plugin whose program does not exist',
    given: [{ made: {} }],
    request: { line: 'POST /plugins/{name}/enable?timeout=0' },
    // In Docker the runtime finds the fault; Outboard checks before.
    expect: failure(500, /OCI runtime create failed: .*\/plugin|rootfs\/plugin is missing/),
    afterwards: [isEnabled(false)],
  },
  {
    id: 'enable.no-socket',
    title: 'enabling a plugin that exits before it listens',
    given: [{ made: { runs: true, config: { Entrypoint: ['/usr/bin/perl', '-e', 'exit 3'] } } }],
    request: { line: 'POST /plugins/{name}/enable?timeout=0' },
    expect: failure(500, /code 3/),
    afterwards: [isEnabled(false)],
  },
  {
    id: 'enable.again',
    title: 'enabling again after disabling',
    given: [{ made: { runs: true } }, { enabled: '{name}' }],
    request: { line: 'POST /plugins/{name}/disable' },
    expect: ok,
    afterwards: [{ request: { line: 'POST /plugins/{name}/enable?timeout=0' }, expect: ok }, isEnabled(true)],
  },
];
