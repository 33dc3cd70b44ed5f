/**
 * Faults of authors that no engine needs to refuse for safety: each is found, with its severity and the right value.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePluginConfig } from './parse-plugin-config.ts';
import { judgePluginConfig } from './validate-plugin-config.ts';

const sound = { Entrypoint: ['/p'], Interface: { Types: ['docker.volumedriver/1.0'], Socket: 'p.sock' } };
const mount = { Name: 'm', Source: '/s', Destination: '/d', Type: 'bind', Options: ['rbind'] };
const types = (...list: readonly string[]) => ({ Interface: { Types: list, Socket: 'p.sock' } });
const socket = (name: string) => ({ Interface: { Types: ['docker.volumedriver/1.0'], Socket: name } });

/** Title, keys of the config, and the finding: severity, code, message. */
type Case = readonly [title: string, config: object, severity: string, code: string, message: RegExp];

const cases: readonly Case[] = [
  [
    'a type without prefix and version',
    types('volumedriver'),
    'mistake',
    'config/interface-type',
    /"Interface\.Types\[0\]": invalid value "volumedriver": want .*, such as "docker\.volumedriver\/1\.0"$/,
  ],
  [
    'an authorization plugin without prefix',
    types('authorization/1.0'),
    'mistake',
    'config/interface-type',
    /invalid value "authorization\/1\.0": want .*, such as "docker\.authz\/1\.0"$/,
  ],
  [
    'a misspelt kind',
    types('docker.volumdriver/1.0'),
    'flaw',
    'config/interface-type',
    /"docker\.volumdriver\/1\.0": want "docker\.volumedriver\/1\.0"$/,
  ],
  [
    'a kind in other letters',
    types('docker.VolumeDriver/1.0'),
    'flaw',
    'config/interface-type',
    /want "docker\.volumedriver\/1\.0"$/,
  ],
  [
    'a misspelt prefix',
    types('dokcer.logdriver/1.0'),
    'flaw',
    'config/interface-type',
    /want "docker\.logdriver\/1\.0"$/,
  ],
  [
    'a version that engines do not look up',
    types('docker.networkdriver/2.0'),
    'flaw',
    'config/interface-type',
    /want "docker\.networkdriver\/1\.0": engines look up no other version/,
  ],
  [
    'a kind that no engine knows, as a published plugin has it',
    types('docker.portmapper/1.0'),
    'warning',
    'config/interface-type',
    /"docker\.portmapper\/1\.0": want "docker\.KIND\/1\.0" with one of the kinds authz, ipamdriver, logdriver/,
  ],
  ['no types', { Interface: { Socket: 'p.sock' } }, 'warning', 'config/interface-type', /no engine calls it/],
  [
    'an unknown scheme',
    { Interface: { ...sound.Interface, ProtocolScheme: 'grpc' } },
    'warning',
    'config/protocol-scheme',
    /"Interface\.ProtocolScheme": invalid value "grpc": want "moby\.plugins\.http\/v1"/,
  ],
  [
    'no entrypoint',
    { Entrypoint: [] },
    'flaw',
    'config/entrypoint',
    /^config: "Entrypoint": there is none: want the program of the plugin, such as \["\/plugin"\]$/,
  ],
  ['no socket', socket(''), 'mistake', 'config/socket', /such as "plugin\.sock"/],
  [
    'a path as a socket',
    socket('run/docker/plugins/p.sock'),
    'refused',
    'config/socket',
    /want one file name of at most 87 bytes, such as "p\.sock": it is made in \/run\/docker\/plugins/,
  ],
  ['a socket above', socket('..'), 'refused', 'config/socket', /want one file name/],
  ['a socket with a long name', socket('x'.repeat(88)), 'refused', 'config/socket', /at most 87 bytes/],
  [
    'a field of a variable that cannot be set',
    { Env: [{ Name: 'A', Value: '', Settable: ['name'] }] },
    'warning',
    'config/settable',
    /"Env\[0\]\.Settable": invalid value "name": want "value", which alone can be set/,
  ],
  [
    'options of a mount that cannot be set',
    { Mounts: [{ ...mount, Settable: ['options'] }] },
    'warning',
    'config/settable',
    /"Mounts\[0\]\.Settable": invalid value "options": want "source"/,
  ],
  [
    'a settable mount without a name',
    { Mounts: [{ ...mount, Name: '', Settable: ['source'] }] },
    'warning',
    'config/settable',
    /"Mounts\[0\]\.Name": invalid value "": want a name: without, "set" cannot reach the source/,
  ],
  [
    'a settable mount whose source is null',
    { Mounts: [{ ...mount, Source: null, Settable: ['source'] }] },
    'flaw',
    'config/settable',
    /"Mounts\[0\]\.Source": invalid value null: want "" for one that the operator sets/,
  ],
  [
    'a mount without source',
    { Mounts: [{ ...mount, Source: '' }] },
    'flaw',
    'config/mount',
    /"Mounts\[0\]\.Source": invalid value "": want a path of the host, or "Settable": \["source"\]/,
  ],
  [
    'a device without path',
    { Linux: { Devices: [{ Name: 'd', Path: null }] } },
    'flaw',
    'config/device',
    /"Linux\.Devices\[0\]\.Path": invalid value null: want the path of a device, such as "\/dev\/fuse"/,
  ],
  [
    'two settings of one name',
    { Env: [{ Name: 'm', Value: '', Settable: ['value'] }], Mounts: [{ ...mount, Settable: ['source'] }] },
    'warning',
    'config/duplicate-name',
    /"Mounts\[0\]\.Name": "m" is there twice: Env\[0\] has it/,
  ],
  [
    'a capability that does not exist',
    { Linux: { Capabilities: ['SYS_ADMIN', 'sys_admim'] } },
    'refused',
    'config/capability',
    /^config: "Linux\.Capabilities\[1\]": unknown capability "sys_admim": want a capability of capabilities\(7\)/,
  ],
  [
    'a propagated mount in the socket directory',
    { PropagatedMount: '/run/docker/plugins/x' },
    'refused',
    'config/propagated-mount',
    /"PropagatedMount": invalid value "\/run\/docker\/plugins\/x": want a directory of the root filesystem/,
  ],
];

for (const [title, config, severity, code, message] of cases) {
  test(`judgePluginConfig() finds ${title}`, () => {
    const parsed = parsePluginConfig(Buffer.from(JSON.stringify({ ...sound, ...config })));
    const findings = [...parsed.findings, ...judgePluginConfig(parsed.config)];
    assert.deepEqual(
      findings.map((finding) => [finding.severity, finding.code]),
      [[severity, code]],
      JSON.stringify(findings),
    );
    assert.match(findings[0]?.message ?? '', message);
  });
}

test('judgePluginConfig() finds all faults at once, and nothing in a sound config', () => {
  const faulty = {
    ...types('volumedriver'),
    Mounts: [{ ...mount, Type: 'proc', Options: [] }],
    WorkDir: 'x',
  };
  const judge = (config: object) =>
    judgePluginConfig(parsePluginConfig(Buffer.from(JSON.stringify({ ...sound, ...config }))).config);
  assert.deepEqual(
    judge(faulty).map(({ code }) => code),
    ['config/interface-type', 'config/work-directory', 'config/mount'],
  );
  assert.deepEqual(judge({}), []);
});
