import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostMounts } from '@outboard/container';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import { allCapabilities } from './capability-set.ts';
import { checkPlugin } from './check-plugin.ts';
import type { HostSupply } from './host-facts.ts';
import type { PluginNeeds, SourceFact } from './read-plugin-needs.ts';

const everything: HostSupply = {
  runtime: { path: '/usr/sbin/runc' },
  conmon: { path: '/usr/bin/conmon' },
  mounts: hostMounts.parse(
    '1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n2 1 0:5 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
  ),
  fileSystems: new Set(['tmpfs', 'fuse']),
  boundingCapabilities: new Set(allCapabilities(40)),
};
const mount = {
  name: 'state',
  source: '/srv/state',
  destination: '/state',
  type: 'bind',
  options: ['rbind'],
};

interface Case {
  readonly config?: object;
  readonly sources?: Readonly<Record<string, SourceFact>>;
  readonly deviceProblem?: string;
  readonly destinations?: PluginNeeds['destinations'];
  readonly missingHostFiles?: readonly string[];
  readonly programFlaws?: readonly string[];
  readonly host?: Partial<HostSupply>;
  readonly createMounts?: boolean;
  readonly rootfsPath?: string;
}

function check(situation: Case) {
  const { config = {}, sources = {}, deviceProblem, host = {}, ...others } = situation;
  const { destinations = new Map(), missingHostFiles = [], programFlaws = [], ...rest } = others;
  const document = { interface: { types: [], socket: 'p.sock' }, entrypoint: ['/p'], ...config };
  const { config: parsed } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
  const settings = initialSettings(parsed);
  const needs: PluginNeeds = {
    sources: new Map(Object.entries(sources)),
    deviceProblems: new Map(
      settings.devices.flatMap((device) => (deviceProblem ? [[device, deviceProblem]] : [])),
    ),
    destinations,
    missingHostFiles,
    programFlaws,
  };
  const plugin = { name: 'acme/p:1', createMounts: false, rootfsPath: '/var/lib/p/rootfs', ...rest };
  return checkPlugin({ ...plugin, config: parsed, settings }, needs, { ...everything, ...host });
}

const missing = { '/srv/state': { kind: 'missing' } } as const;
const settable = { ...mount, settable: ['source'] };
const fuse = { linux: { devices: [{ name: 'fuse', path: '/dev/fuse' }] } };
const noexec = hostMounts.parse(
  '1 0 8:1 / / rw shared:1 - ext4 d rw\n2 1 0:5 / /c rw - cgroup2 c rw\n3 1 8:2 / /var rw,noexec - ext4 d rw\n',
);

const cases: readonly (readonly [title: string, situation: Case, why: RegExp, remedy: RegExp])[] = [
  [
    'a mount without source that cannot be set, in words of Docker',
    { config: { mounts: [{ ...mount, source: null }] } },
    /^mount source is not specified: mount "state"$/,
    /author/,
  ],
  [
    'a source that does not exist',
    { config: { mounts: [mount] }, sources: missing },
    /^bind source path does not exist: mount "state" has source "\/srv\/state"$/,
    /^make it: mkdir -p \/srv\/state, or: outboard enable --create-mounts acme\/p:1$/,
  ],
  [
    'a source whose name a shell would take apart',
    {
      config: { mounts: [{ ...mount, source: "/srv/my state's" }] },
      sources: { "/srv/my state's": { kind: 'missing' } },
    },
    /has source "\/srv\/my state's"$/,
    /mkdir -p '\/srv\/my state'\\''s', or/,
  ],
  ...(
    [
      ['/var/run/docker.sock', '/run/docker.sock', 'absent', /^start the program that makes this socket$/],
      ['/dev/outboard-none', '/dev/outboard-none', 'absent', /^attach the device, or load its driver$/],
      ['/proc/outboard-none', '/state', 'directory', /^load the kernel module that shows it$/],
      ['/etc/acme.conf', '/config', 'absent', /^make the file$/],
      ['/srv/token', '/token', 'other', /^make the file$/],
    ] as const
  ).map(
    ([source, destination, end, remedy]) =>
      [
        `the missing ${source}, which no directory is made for`,
        {
          config: { mounts: [{ ...mount, source, destination }] },
          sources: { [source]: { kind: 'missing' } },
          destinations: new Map([[destination, end]]),
          createMounts: true,
        },
        /^bind source path does not exist/,
        remedy,
      ] as const,
  ),
  [
    'a program that is not there',
    { programFlaws: ['config: "Entrypoint": "/plugin": rootfs/plugin is missing'] },
    /rootfs\/plugin is missing$/,
    /author/,
  ],
  [
    'a directory to be mounted on a file',
    {
      config: { mounts: [mount] },
      sources: { '/srv/state': { kind: 'present', realPath: '/srv/state', isDirectory: true } },
      destinations: new Map([['/state', 'other']]),
    },
    /^source "\/srv\/state" of mount "state" is a directory, but the plugin has a file at its destination/,
    /put a file/,
  ],
  [
    'a file to be mounted on a directory',
    {
      config: { mounts: [mount] },
      sources: { '/srv/state': { kind: 'present', realPath: '/srv/state', isDirectory: false } },
      destinations: new Map([['/state', 'directory']]),
    },
    /is no directory, but the plugin has one at its destination "\/state"$/,
    /put a directory/,
  ],
  [
    'a source that does not exist and can be set',
    { config: { mounts: [settable] }, sources: missing },
    /does not exist/,
    /outboard set acme\/p:1 state\.source=PATH$/,
  ],
  [
    'a source that is a link to nothing, also when directories are made',
    { config: { mounts: [mount] }, sources: { '/srv/state': { kind: 'dangling-link' } }, createMounts: true },
    /is a link to nothing/,
    /make what it names/,
  ],
  [
    'a source below a file',
    { config: { mounts: [mount] }, sources: { '/srv/state': { kind: 'unreachable', reason: 'ENOTDIR' } } },
    /cannot be reached: ENOTDIR/,
    /correct it/,
  ],
  [
    'a device that is not there',
    { config: fuse, deviceProblem: 'error gathering device information: gone' },
    /^error gathering device information: gone$/,
    /modprobe fuse/,
  ],
  [
    'a capability that the daemon itself lacks',
    {
      config: { linux: { capabilities: ['CAP_SYS_ADMIN'] } },
      host: { boundingCapabilities: new Set(allCapabilities(20)) },
    },
    /cannot give .*CAP_SYS_ADMIN/,
    /CapabilityBoundingSet/,
  ],
  ['a missing OCI runtime', { host: { runtime: { problem: 'cannot find "runc"' } } }, /runc/, /doctor/],
  ['a missing conmon', { host: { conmon: { problem: 'cannot find "conmon"' } } }, /conmon/, /doctor/],
  [
    'S21 read-only control groups',
    { host: { mounts: hostMounts.parse('2 1 0:5 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n') } },
    /^the cgroup file system is mounted read-only$/,
    /remount,rw/,
  ],
  ['S21 missing control groups', { host: { mounts: [] } }, /no cgroup file system/, /mount -t cgroup2/],
  ['a data root without exec', { host: { mounts: noexec } }, /mounted with "noexec"/, /remount,exec \/var/],
  [
    'a kernel without tmpfs',
    { config: { mounts: [{ ...mount, type: 'tmpfs', options: [] }] }, host: { fileSystems: new Set() } },
    /needs the file system "tmpfs"/,
    /modprobe tmpfs/,
  ],
];

describe('checkPlugin()', () => {
  for (const [title, situation, why, remedy] of cases) {
    test(`reports ${title}`, () => {
      const findings = check(situation);
      assert.equal(findings.length, 1, JSON.stringify(findings));
      assert.match(findings[0]?.why ?? '', why);
      assert.match(findings[0]?.remedy ?? '', remedy);
      assert.equal(findings[0]?.isFatal, true);
    });
  }

  test('reports all problems at once, those of the plugin first', () => {
    const findings = check({
      config: { mounts: [mount, { ...mount, name: 'other', source: null, destination: '/o' }], ...fuse },
      sources: missing,
      deviceProblem: 'no device',
      host: { conmon: { problem: 'no conmon' } },
    });
    assert.deepEqual(
      findings.map(({ what, concerns }) => [what, concerns]),
      [
        ['mount "state"', 'plugin'],
        ['mount "other"', 'plugin'],
        ['device "/dev/fuse"', 'plugin'],
        ['conmon', 'host'],
      ],
    );
  });

  const fine: readonly (readonly [title: string, situation: Case])[] = [
    [
      'a host that has everything',
      {
        config: { mounts: [mount] },
        sources: { '/srv/state': { kind: 'present', realPath: '/srv/state', isDirectory: true } },
      },
    ],
    ['a source that can be set and was not', { config: { mounts: [{ ...settable, source: null }] } }],
    [
      'a missing directory that is to be made',
      { config: { mounts: [mount] }, sources: missing, createMounts: true },
    ],
    [
      'the socket directory of the plugin itself',
      { config: { mounts: [{ ...mount, destination: '/run/docker/plugins' }] }, sources: missing },
    ],
  ];
  for (const [title, situation] of fine) {
    test(`finds nothing wrong with ${title}`, () => assert.deepEqual(check(situation), []));
  }

  test('only warns about a shared mount on a private one', () => {
    const { mounts: _, ...rest } = everything;
    const mounts = hostMounts.parse('1 0 8:1 / / rw - ext4 d rw\n2 1 0:5 / /c rw - cgroup2 c rw\n');
    const findings = check({
      config: { mounts: [{ ...mount, options: ['rbind', 'rshared'] }] },
      sources: { '/srv/state': { kind: 'present', realPath: '/srv/state', isDirectory: true } },
      host: { ...rest, mounts },
    });
    assert.deepEqual(
      findings.map(({ isFatal, remedy }) => [isFatal, remedy]),
      [[false, 'mount --make-rshared /']],
    );
  });

  test('only warns about a missing file of the host that every plugin is given', () => {
    const findings = check({ missingHostFiles: ['/etc/resolv.conf'] });
    assert.deepEqual(
      findings.map(({ isFatal, what, remedy }) => [isFatal, what, remedy]),
      [
        [
          false,
          '/etc/resolv.conf',
          'make the file, if the plugin is to look up names: touch /etc/resolv.conf',
        ],
      ],
    );
  });

  test('only warns about a fuse module that is not loaded', () => {
    const findings = check({ config: fuse, host: { fileSystems: new Set(['tmpfs']) } });
    assert.deepEqual(
      findings.map(({ isFatal, remedy }) => [isFatal, remedy]),
      [[false, 'load its module: modprobe fuse']],
    );
  });
});
