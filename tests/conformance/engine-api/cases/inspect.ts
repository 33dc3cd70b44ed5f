/**
 * `GET /plugins/{name}/json`: the whole object, and the names that find a plugin.
 */
import type { ConformanceCase } from '../conformance-case.ts';
import { document, failure } from '../expectations.ts';
import { atLeast, type Shape } from '../shape.ts';

const env = { Name: 'DEBUG', Description: 'log more', Value: '0', Settable: ['value'] };

const plainConfig = {
  Description: 'for conformance',
  Documentation: 'https://example.com/conformance',
  Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'conformance.sock' },
  Entrypoint: ['/plugin'],
  WorkDir: '',
  User: {},
  Network: { Type: '' },
  IpcHost: false,
  PidHost: false,
  PropagatedMount: '',
  Mounts: null,
  Env: [env],
  Args: { Name: 'args', Description: '', Value: [], Settable: ['value'] },
  Linux: { Capabilities: null, AllowAllDevices: false, Devices: null },
} as const;

const rootfs = { type: 'layers', diff_ids: [/^sha256:[0-9a-f]{64}$/] } as const;
const plainSettings = { Mounts: [], Devices: [], Env: ['DEBUG=0'], Args: [] };

/** A plugin as `create` makes it; Docker 20.10 adds its own version to the config. */
const createdPlugin: Shape = {
  Id: /^[0-9a-f]{64}$/,
  Name: '{name}',
  Enabled: false,
  PluginReference: '{name}',
  Settings: plainSettings,
  Config: { ...plainConfig, rootfs },
};

/** The same for an engine that writes its version into the config. */
export const createdPluginOf2010: Shape = {
  ...createdPlugin,
  Config: { ...plainConfig, DockerVersion: /./, rootfs },
};

const everyField = {
  Description: 'd',
  Documentation: 'https://example.com',
  Interface: {
    Types: ['docker.networkdriver/1.0', 'docker.ipamdriver/1.0'],
    Socket: 'conformance.sock',
    ProtocolScheme: 'moby.plugins.http/v1',
  },
  Entrypoint: ['/plugin', '-v'],
  WorkDir: '/work',
  User: { UID: 5, GID: 6 },
  Network: { Type: 'host' },
  IpcHost: true,
  PidHost: true,
  PropagatedMount: '/mnt/state',
  Mounts: [
    {
      Name: 'state',
      Description: 'where it writes',
      Source: '/var/tmp',
      Destination: '/state',
      Type: 'bind',
      Options: ['rbind', 'rw'],
      Settable: ['source'],
    },
  ],
  Env: [
    env,
    { Name: 'EMPTY', Description: '', Value: '', Settable: [] },
    { Name: 'UNSET', Description: '', Value: null, Settable: null },
  ],
  Args: { Name: 'args', Description: 'words', Value: ['a', 'b'], Settable: [] },
  Linux: {
    Capabilities: ['CAP_SYS_ADMIN'],
    AllowAllDevices: true,
    Devices: [{ Name: 'fuse', Description: '', Path: '/dev/fuse', Settable: ['path'] }],
  },
} as const;

export const inspectCases: readonly ConformanceCase[] = [
  {
    id: 'inspect.created',
    title: 'inspecting a created plugin',
    given: [{ made: {} }],
    request: { line: 'GET /plugins/{name}/json' },
    expect: document(createdPlugin),
    versions: 'every',
  },
  {
    id: 'inspect.every-field',
    title: 'inspecting a plugin that uses every field',
    given: [{ made: { config: everyField } }],
    request: { line: 'GET /plugins/{name}/json' },
    expect: document(
      atLeast({
        Settings: {
          Mounts: everyField.Mounts,
          Devices: everyField.Linux.Devices,
          Env: ['DEBUG=0', 'EMPTY='],
          Args: ['a', 'b'],
        },
        Config: atLeast(everyField),
      }),
    ),
  },
  {
    id: 'inspect.null-and-empty',
    title: 'inspecting arrays that are null, empty or absent in the config',
    given: [
      {
        made: {
          config: {
            Interface: { Types: null, Socket: 'conformance.sock' },
            Entrypoint: [],
            Mounts: [],
            Env: [],
            Args: {},
            Linux: { Capabilities: [], Devices: [] },
          },
        },
      },
    ],
    request: { line: 'GET /plugins/{name}/json' },
    expect: document(
      atLeast({
        Settings: { Mounts: [], Devices: [], Env: [], Args: [] },
        Config: atLeast({
          Interface: { Types: null, Socket: 'conformance.sock' },
          Entrypoint: [],
          Mounts: [],
          Env: [],
          Args: { Name: '', Description: '', Value: null, Settable: null },
          Linux: { Capabilities: [], AllowAllDevices: false, Devices: [] },
        }),
      }),
    ),
  },
  {
    id: 'inspect.installed',
    title: 'inspecting an installed plugin',
    given: [{ published: {} }, { installed: '{remote}' }],
    request: { line: 'GET /plugins/{remote}/json' },
    expect: document({
      Id: '{id}',
      Name: '{remote}',
      Enabled: false,
      PluginReference: '{remote}',
      Settings: plainSettings,
      Config: plainConfig,
    }),
  },
  {
    id: 'inspect.alias',
    title: 'inspecting a plugin that was installed under another name',
    given: [{ published: {} }, { installed: '{alias}' }],
    request: { line: 'GET /plugins/{alias}/json' },
    expect: document(atLeast({ Name: '{alias}', PluginReference: '{remote}' })),
  },
  {
    id: 'inspect.enabled',
    title: 'inspecting an enabled plugin',
    given: [{ made: { runs: true } }, { enabled: '{name}' }],
    request: { line: 'GET /plugins/{name}/json' },
    expect: document(atLeast({ Id: '{id}', Enabled: true })),
  },
  {
    id: 'inspect.id',
    title: 'inspecting by ID',
    given: [{ made: {} }],
    request: { line: 'GET /plugins/{id}/json' },
    expect: document(atLeast({ Id: '{id}', Name: '{name}' })),
  },
  {
    id: 'inspect.id-prefix',
    title: 'inspecting by an ID prefix',
    given: [{ made: {} }],
    request: { line: 'GET /plugins/{shortId}/json' },
    expect: document(atLeast({ Id: '{id}', Name: '{name}' })),
  },
  {
    id: 'inspect.id-prefix-tag',
    title: 'inspecting by an ID prefix with a tag',
    given: [{ made: {} }],
    request: { line: 'GET /plugins/{shortId}:latest/json' },
    expect: failure(404, 'plugin "{shortId}:latest" not found'),
  },
  {
    id: 'inspect.other-tag',
    title: 'inspecting by a name with another tag',
    given: [{ made: {} }],
    request: { line: 'GET /plugins/{path}/json' },
    expect: failure(404, 'plugin "{path}" not found'),
  },
];
