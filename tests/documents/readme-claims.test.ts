/** Every claim of the README's list, with the tests that would fail if it were untrue. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, repository } from './pages.ts';

/** Beginnings of claims, with the titles of their tests, or a common part of them, by file. */
const claims: readonly (readonly [claim: string, tests: Readonly<Record<string, readonly string[]>>])[] = [
  [
    '`create`, `push`, `privileges`, `pull`,',
    {
      'tests/integration/plugin-life.test.ts': [
        'life cycle of a plugin: create, push, remove, pull, set, enable, call, disable, upgrade, remove',
      ],
      'tests/conformance/outboard-cli.test.ts': [
        'life cycle: install, ls, inspect, disable, set, upgrade, enable, rm',
      ],
      'tests/conformance/engine-api.test.ts': ['is answered as in Docker'],
    },
  ],
  [
    'Plugins that Docker 1.13 to current wrote',
    { 'tests/interoperability/docker-plugins.test.ts': ['pushed, and pushes it back byte for byte'] },
  ],
  [
    'Registries as they are:',
    {
      'tests/integration/registry-configuration.test.ts': [
        'is pulled from as a mirror, also when the registry itself is gone',
        'R34 is reached through a proxy with the certificates of its directory',
        'R34 is reached with the files that an entry names',
      ],
      'tests/conformance/real-registries.test.ts': [
        'docker-registry takes plugins in every form',
        'uses the credentials of docker, prints each finding, and leaves nothing',
      ],
      'tests/content/interrupted-download.test.ts': [
        'R22 a daemon that is killed while it downloads leaves what the next one goes on with',
      ],
    },
  ],
  [
    'One tag for every platform:',
    {
      'tests/interoperability/formats.test.ts': [
        'R06 pushes builds for several platforms under one tag, beside tags of their own',
      ],
    },
  ],
  [
    'Hosts without a registry install from files:',
    {
      'tests/conformance/air-gap.test.ts': [
        'the session of docs/air-gap.md prints what the page shows',
        'copies keep their digests between registries, directories and archives',
      ],
    },
  ],
  [
    'Ordinary images with a label are plugins',
    { 'tests/authoring/images-session.test.ts': ['prints what the page shows, line by line'] },
  ],
  [
    'Signatures of sigstore and OpenPGP are demanded by',
    {
      'tests/integration/signatures.test.ts': [
        'refuses what is not signed, and installs nothing',
        'installs what is signed under a tag, and shows the proof',
        'installs what skopeo signed with a key of OpenPGP, and nothing that was moved or changed',
      ],
    },
  ],
  [
    'Archives, configs and registries are treated as hostile',
    {
      'tests/unpack/jail-process.test.ts': ['the child can access the staging directory only'],
      'tests/unpack/hostile-archives.test.ts': ['unpacking stays inside: '],
      'tests/isolation/hostile-config.test.ts': ['is refused, at create and at pull'],
      'tests/interoperability/docker-plugins.test.ts': [
        'installs nothing when the privileges differ from those granted',
      ],
      'tests/integration/plugin-transfer.test.ts': [
        'a layer whose bytes differ from its digest installs nothing',
      ],
    },
  ],
  [
    'After a kill at any instant',
    { 'tests/chaos/kill-points.test.ts': ['a plugin is entirely old or entirely new'] },
  ],
  [
    'Plugins keep running while the daemon',
    {
      'tests/chaos/live-restore.test.ts': [
        'of the daemon, and the next daemon takes it over',
        'after a reboot enabled plugins are started, others are not',
      ],
    },
  ],
  [
    'A plugin that fails is restarted',
    {
      'tests/supervision/bad-plugins.test.ts': [
        'an exit at the start is reported with its code, and a plugin that always exits is retried',
      ],
      'tests/supervision/live-restore.test.ts': ['outboard shows the state of a plugin, and restarts it'],
    },
  ],
  [
    '`docker volume create`, `ls`,',
    {
      'tests/conformance/docker-volume.test.ts': [
        'create, ls, inspect and rm work in sequence',
        'prune removes anonymous volumes, and named ones with --all',
      ],
      'tests/systemd/volume-units.test.ts': [
        'writes to the volume, and is named as its holder until it stops',
      ],
    },
  ],
  [
    'Podman, Docker Engine, Nomad',
    {
      'tests/conformance/podman-session.test.ts': ['prints what the page shows, line by line'],
      'tests/gateway/podman-volumes.test.ts': [
        'create, write, read in another container, list, remove',
        'data never goes to the directory of the host that has the path of the plugin',
      ],
      'tests/gateway/docker-volumes.test.ts': ['creates, lists, inspects, mounts and removes a volume'],
      'tests/gateway/nomad.test.ts': ['the session of the page connects it'],
      'tests/gateway/plugin-sockets.test.ts': ['has the same path after a reinstall'],
      'tests/gateway/surviving-mounts.test.ts': [
        'a mount that the host has lost is made again for the next holder, never replaced by an empty directory',
      ],
    },
  ],
  [
    'Calls wait while a plugin or the daemon restarts',
    {
      'tests/systemd/gateway-restart.test.ts': ['restarts of the daemon'],
      'tests/gateway/podman-drivers.test.ts': [
        'after a kill of the plugins, new containers and the one that holds the volumes are on new mounts',
      ],
      'tests/gateway/live-upgrade.test.ts': [
        'fails no call and keeps its mounts, forward and back',
        'to a version without its program is refused while the old one runs',
      ],
    },
  ],
  [
    'Memory, processors and processes of a plugin',
    {
      'tests/limits/limits.test.ts': [
        'a fork bomb stops at the process limit, and the plugin still answers',
        'a process that exceeds the memory limit is killed, with and without swap',
        'limits of a running plugin change at once',
      ],
      'tests/exec/exec-command.test.ts': [
        'a command gets all arguments after the name of the plugin, and its exit code is returned',
      ],
      'packages/cli/src/commands/top.test.ts': ['top '],
      'packages/cli/src/commands/stats.test.ts': ['stats'],
    },
  ],
  [
    'The output of plugins is kept',
    {
      'tests/integration/plugin-logs.test.ts': [
        'a log survives restarts, disable and a closed engine, and a follower survives restarts and disable',
        'at 50 MB/s a log stays within its size limit and keeps its last lines, and the engine answers',
      ],
    },
  ],
  [
    'Prometheus metrics are served',
    {
      'tests/integration/metrics.test.ts': [
        'metrics cover a plugin from its pull to its removal',
        'reads the socket from enable to disable',
      ],
      'tests/integration/authorization.test.ts': [
        'denies a request for the content of its body, with the text of Docker',
      ],
    },
  ],
  [
    'Network, IPAM, log and secret plugins',
    {
      'tests/protocol/documented-examples.test.ts': [
        'connect a container',
        'write a log and read it',
        'fetch a secret',
      ],
    },
  ],
  [
    'The API is served over TCP with mutual TLS',
    {
      'tests/integration/remote-access.test.ts': [
        'serves a client with a certificate, under every name in the certificate of the daemon',
      ],
      'tests/integration/socket-group.test.ts': [
        'is accessible to members of the group, other files beside it are not',
      ],
    },
  ],
  [
    '`enable` lists everything that a host lacks',
    {
      'tests/integration/preflight.test.ts': [
        'enable reports everything that the host lacks, one finding per line, and changes nothing',
      ],
      'tests/integration/service.test.ts': [
        'checks the host without a daemon, and fails because there is none',
      ],
    },
  ],
  [
    'Outboard is installed, upgraded while plugins run',
    {
      'tests/installation/under-systemd.test.ts': [
        'is upgraded as the page says, while the plugin runs',
        'is removed as the page says, and nothing is left',
      ],
      'tests/installation/npm-program.test.ts': ['is installed as the page says, and a plugin lives'],
    },
  ],
  [
    '`outboard login` uses the files and helpers',
    {
      'tests/conformance/outboard-login.test.ts': [
        'stores a password that docker, Podman and Outboard use',
        'uses what docker stored',
        'uses what Podman stored',
      ],
    },
  ],
  [
    'Authors begin, build, try and check plugins',
    {
      'tests/authoring/init.test.ts': ['that passes its tests and is built'],
      'tests/authoring/dev.test.ts': ['replaces the plugin after an edit, keeps it after a fault'],
      'tests/authoring/check-command.test.ts': ['finds the faults of a directory, as text, JSON and JUnit'],
      'tests/examples/every-kind.test.ts': [
        'log-json-lines keeps the output of a container',
        'network-bridge connects containers',
        'metrics-textfile keeps the metrics of Docker Engine',
        'a service gets a secret of secrets-directory',
        'authorization-rules decides on requests to the engine',
      ],
    },
  ],
];

const readme = pages.find(({ path }) => path === 'README.md')?.prose ?? '';

test('each claim of the README has tests in this list, and the list has no other claims', () => {
  const list = /## What works today\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
  const items = [...list.matchAll(/^- (.*)$/gm)].map(([, item = '']) => item);
  assert.ok(items.length > 10);
  assert.deepEqual(
    items.map((item) => claims.find(([claim]) => item.startsWith(claim))?.[0] ?? `no test for: ${item}`),
    claims.map(([claim]) => claim),
  );
});

for (const [claim, tests] of claims) {
  test(`the tests of "${claim}" exist`, () => {
    for (const [file, titles] of Object.entries(tests)) {
      const source = readFileSync(join(repository, file), 'utf8');
      const calls = source
        .split('\n')
        .filter((line) => /^\s*(test|it|describe)\(|^\s*['`].*['`],$/.test(line));
      for (const title of titles) {
        assert.ok(
          calls.some((call) => call.includes(title)),
          `${file} has no test "${title}"`,
        );
      }
    }
  });
}
