/**
 * `POST /plugins/create`
 */
import type { ConformanceCase, PluginArchive, RawRequest } from '../conformance-case.ts';
import { document, failure, noContent, ok } from '../expectations.ts';
import { atLeast } from '../shape.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const tar = { 'Content-Type': 'application/x-tar' };

function create(body: NonNullable<RawRequest['body']>, query = '?name={name}'): RawRequest {
  return { line: `POST /plugins/create${query}`, headers: tar, body };
}

const directory = { type: 'directory', name: 'rootfs' } as const;
const file = (name: string, content = '') => ({ name, content });

const accepted: readonly (readonly [id: string, title: string, archive: PluginArchive])[] = [
  ['rootfs-empty', 'creating a plugin with an empty root filesystem', { entries: [directory] }],
  ['rootfs-implied', 'creating a plugin without an entry for rootfs itself', { entries: [file('rootfs/a')] }],
  ['leading-slash', 'creating from entries that begin with a slash', { entries: [file('/rootfs/a')] }],
  ['leading-dot', 'creating from entries that begin with ./', { entries: [file('./rootfs/a')] }],
  [
    'other-entries',
    'creating from an archive with other entries',
    { entries: [file('rootfs/a'), file('README'), file('rootfs2/a')] },
  ],
  [
    'hard-link',
    'creating from an archive with a hard link',
    { entries: [file('rootfs/a'), { type: 'hard-link', name: 'rootfs/b', linkName: 'rootfs/a' }] },
  ],
  [
    'key-case',
    'creating from a config whose keys are in other case',
    {
      configText:
        '{"description":"x","ENTRYPOINT":["/p"],"interface":{"types":["docker.volumedriver/1.0"],"socket":"s.sock"}}',
    },
  ],
  ['unknown-key', 'creating from a config with unknown keys', { config: { Unknown: { a: 1 } } }],
  ['empty-config', 'creating from an empty config', { configText: '{}' }],
];

const refused: readonly (readonly [id: string, title: string, archive: PluginArchive, message: RegExp])[] = [
  ['no-rootfs', 'creating without a root filesystem', { entries: [] }, /^no rootfs found/],
  ['no-config', 'creating without a config', { configText: null }, /^config not found/],
  [
    'config-text',
    'creating from a config that is not JSON',
    { configText: 'nope' },
    /^failed to parse config: /,
  ],
  [
    'config-trailing',
    'creating from a config with data after it',
    { configText: '{}{}' },
    /^failed to parse config: /,
  ],
  ['truncated', 'creating from a truncated archive', { truncateTo: 2600 }, /^failed to read from tar: /],
];

export const createCases: readonly ConformanceCase[] = [
  {
    id: 'create.plain',
    title: 'creating and removing a plugin',
    request: create({}),
    expect: noContent,
    afterwards: [
      {
        request: { line: 'GET /plugins/{name}/json' },
        expect: document(atLeast({ Name: '{name}', Enabled: false })),
      },
      { request: { line: 'DELETE /plugins/{name}' }, expect: ok },
    ],
    isRepeatable: true,
    versions: 'every',
  },
  ...accepted.map(
    ([id, title, archive]): ConformanceCase => ({
      id: `create.${id}`,
      title,
      request: create(archive),
      expect: noContent,
      afterwards: [
        {
          request: { line: 'GET /plugins/{name}/json' },
          expect: document(atLeast({ Name: '{name}', Enabled: false })),
        },
      ],
    }),
  ),
  ...refused.map(
    ([id, title, archive, message]): ConformanceCase => ({
      id: `create.${id}`,
      title,
      request: create(archive),
      expect: failure(400, message),
      afterwards: [
        { request: { line: 'GET /plugins/{name}/json' }, expect: failure(404, 'plugin "{name}" not found') },
      ],
    }),
  ),
  {
    id: 'create.chunked',
    title: 'creating from an archive in chunks, as the command line sends it',
    request: { ...create({}), framing: 'chunked' },
    expect: noContent,
  },
  {
    id: 'create.gzip',
    title: 'creating from a compressed archive',
    request: create({ compression: 'gzip' }),
    expect: noContent,
  },
  {
    id: 'create.no-type',
    title: 'creating without a content type',
    request: { ...create({}), headers: {} },
    expect: noContent,
  },
  {
    id: 'create.untagged',
    title: 'creating under a name without tag',
    request: create({}, '?name={path}'),
    expect: noContent,
    afterwards: [
      {
        request: { line: 'GET /plugins/{path}/json' },
        expect: document(atLeast({ Name: '{path}:latest', PluginReference: '{path}:latest' })),
      },
    ],
  },
  {
    id: 'create.equal-rootfs',
    title: 'creating two plugins with equal root filesystems',
    given: [{ made: { entries: [{ ...file('rootfs/equal'), mtime: 1 }] } }],
    request: create({ entries: [{ ...file('rootfs/equal'), mtime: 1 }] }, '?name={other}'),
    expect: noContent,
    // Once only: Docker may still have the layer a moment after its plugin was removed.
    versions: ['unversioned'],
  },
  {
    id: 'create.name-taken',
    title: 'creating under a name that is taken',
    given: [{ made: {} }],
    request: create({}),
    expect: failure(409, 'plugin {name} already exists'),
  },
  {
    id: 'create.no-name',
    title: 'creating without a name',
    request: create({}, ''),
    expect: failure(400, /^failed to parse reference : invalid reference format/),
  },
  {
    id: 'create.bad-name',
    title: 'creating under an invalid name',
    request: create({}, '?name=Acme/P'),
    expect: failure(
      400,
      'failed to parse reference Acme/P: invalid reference format: repository name must be lowercase',
    ),
  },
  {
    id: 'create.digest',
    title: 'creating under a name with a digest',
    request: create({}, `?name={path}@${digest}`),
    expect: failure(400, 'canonical references are not permitted'),
  },
  {
    id: 'create.empty-body',
    title: 'creating from an empty body',
    request: create(''),
    expect: failure(400, /^no rootfs found/),
  },
  {
    id: 'create.not-a-tar',
    title: 'creating from a body that is not an archive',
    request: create('x'.repeat(2000)),
    expect: failure(400, /^failed to read from tar: /),
  },
];
