import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDigest } from '@outboard/oci';
import fc from 'fast-check';
import { parsePluginConfig } from './parse-plugin-config.ts';
import type { Plugin, PluginConfig } from './plugin-config.ts';
import {
  encodeConfigBlob,
  parsePluginDocument,
  parsePrivileges,
  parseSettingsDocument,
  toConfigDocument,
  toPluginDocument,
  toPrivilegeDocument,
  toSettingsDocument,
} from './plugin-document.ts';
import { initialSettings } from './settings.ts';

const parse = (text: string) => parsePluginConfig(Buffer.from(text));
const diffId = parseDigest(`sha256:${'ab'.repeat(32)}`);

describe('toConfigDocument()', () => {
  test('writes an empty config with every key that Docker writes', () => {
    assert.equal(
      JSON.stringify(toConfigDocument(parse('{}').config)),
      '{"Args":{"Description":"","Name":"","Settable":null,"Value":null},"Description":"","Documentation":"",' +
        '"Entrypoint":null,"Env":null,"Interface":{"Socket":"","Types":null},"IpcHost":false,' +
        '"Linux":{"AllowAllDevices":false,"Capabilities":null,"Devices":null},"Mounts":null,' +
        '"Network":{"Type":""},"PidHost":false,"PropagatedMount":"","User":{},"WorkDir":""}',
    );
  });

  test('leaves out the options of the author, which Docker does not know', () => {
    const { config } = parse('{"outboard":{"limits":{"pids":5}}}');
    assert.deepEqual(config.authorOptions, { limits: { pids: 5 } });
    assert.equal('outboard' in toConfigDocument(config), false);
  });

  test('writes the keys that Docker omits when empty, and types as text', () => {
    const text = `{"dockerversion":"20.10","interface":{"protocolscheme":"moby.plugins.http/v1","types":["a.b/1"]},
      "user":{"uid":1,"gid":2},"rootfs":{"type":"layers","diff_ids":["${diffId}"]}}`;
    const document = toConfigDocument(parse(text).config);
    assert.equal(document.DockerVersion, '20.10');
    assert.deepEqual(document.Interface, {
      ProtocolScheme: 'moby.plugins.http/v1',
      Socket: '',
      Types: ['a.b/1'],
    });
    assert.deepEqual(document.User, { GID: 2, UID: 1 });
    assert.deepEqual(document.rootfs, { diff_ids: [diffId], type: 'layers' });
  });
});

const text = fc.string({ maxLength: 8 });
const texts = fc.option(fc.array(text, { maxLength: 3 }));
const arbitraryConfig = fc.record({
  Args: fc.record({ Description: text, Name: text, Settable: texts, Value: texts }),
  Description: text,
  Entrypoint: texts,
  Env: fc.option(
    fc.array(fc.record({ Name: text, Description: text, Settable: texts, Value: fc.option(text) })),
  ),
  Interface: fc.record({
    Socket: fc.constantFrom('a.sock', ''),
    Types: fc.option(fc.array(fc.constantFrom('a.b/1', '.x/'))),
  }),
  IpcHost: fc.boolean(),
  Linux: fc.record({
    AllowAllDevices: fc.boolean(),
    Capabilities: texts,
    Devices: fc.option(
      fc.array(fc.record({ Name: text, Description: text, Path: fc.option(text), Settable: texts })),
    ),
  }),
  Mounts: fc.option(
    fc.array(
      fc.record({
        Name: text,
        Description: text,
        Source: fc.option(text),
        Destination: text,
        Type: text,
        Options: texts,
        Settable: texts,
      }),
    ),
  ),
  User: fc.record({ UID: fc.nat(), GID: fc.nat() }),
  WorkDir: text,
});

describe('plugin documents', () => {
  test('give back the plugin that they were made of, null and [] apart', () => {
    fc.assert(
      fc.property(arbitraryConfig, fc.boolean(), (document, enabled) => {
        const config: PluginConfig = parse(JSON.stringify(document)).config;
        const plugin: Plugin = {
          id: 'ab'.repeat(32),
          name: 'acme/p:latest',
          enabled,
          ...(enabled ? { pluginReference: 'docker.io/acme/p:latest' } : {}),
          settings: initialSettings(config),
          config,
        };
        const read = parsePluginDocument(JSON.parse(JSON.stringify(toPluginDocument(plugin))));
        assert.deepEqual(read, plugin);
        const settings = parseSettingsDocument(
          JSON.parse(JSON.stringify(toSettingsDocument(plugin.settings))),
        );
        assert.deepEqual(settings, plugin.settings);
      }),
    );
  });

  test('omit an unknown plugin reference', () => {
    const { config } = parse('{}');
    const plugin = {
      id: 'ab'.repeat(32),
      name: 'p:latest',
      enabled: false,
      settings: initialSettings(config),
      config,
    };
    assert.deepEqual(Object.keys(toPluginDocument(plugin)), ['Config', 'Enabled', 'Id', 'Name', 'Settings']);
    assert.deepEqual(toPluginDocument(plugin).Settings, { Args: [], Devices: [], Env: [], Mounts: [] });
  });

  test('are refused with path and value when they are damaged', () => {
    const good = { Id: 'ab'.repeat(32), Name: 'p', Enabled: true, Settings: null, Config: null };
    assert.equal(parsePluginDocument(good).enabled, true);
    assert.throws(
      () => parsePluginDocument({ ...good, Id: '../x' }),
      /plugin: "Id": expected text of the form .* got "..\/x"/,
    );
    assert.throws(
      () => parsePluginDocument({ ...good, Name: '' }),
      /plugin: "Name": expected text that is not empty, got ""/,
    );
    assert.throws(
      () => parsePluginDocument({ ...good, Config: { Mounts: [{ Source: 1 }] } }),
      /"Config.Mounts\[0\].Source"/,
    );
    assert.throws(() => parsePluginDocument(null), /plugin: expected an object, got null/);
  });
});

describe('parsePrivileges()', () => {
  for (const none of [undefined, null, {}, []]) {
    test(`reads ${JSON.stringify(none)} as none`, () => assert.deepEqual(parsePrivileges(none), []));
  }

  test('reads what toPrivilegeDocument() wrote, in any letter case, without descriptions or values', () => {
    const privilege = { name: 'mount', description: 'd', value: ['/a'] };
    assert.deepEqual(parsePrivileges([toPrivilegeDocument(privilege)]), [privilege]);
    assert.deepEqual(parsePrivileges([{ name: 'mount', VALUE: ['/a'] }]), [
      { ...privilege, description: '' },
    ]);
    assert.deepEqual(parsePrivileges([{ Name: 'mount', Value: null }])[0]?.value, []);
  });

  for (const wrong of [
    'x',
    5,
    true,
    { Name: 'mount' },
    [5],
    [null],
    [{ Name: 5 }],
    [{ Value: 'x' }],
    [{ Value: [{}] }],
  ]) {
    test(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parsePrivileges(wrong), {
        kind: 'invalid',
        message: /^invalid JSON: privileges: /,
      });
    });
  }
});

describe('encodeConfigBlob()', () => {
  test("writes Docker's keys in order, the layers, and every unknown key where it was", () => {
    const { document } = parse(
      '{"hooks":{"a":1},"mounts":[{"zz":1,"type":"bind","destination":"/d"}],"linux":{"namespaces":[]},"__proto__":2}',
    );
    const blob = encodeConfigBlob(document, [diffId]).toString();
    assert.ok(blob.endsWith('}\n'));
    assert.doesNotMatch(blob.trimEnd(), /\n|": /);
    const read = JSON.parse(blob);
    assert.equal(Object.keys(read)[0], 'Args');
    assert.deepEqual(Object.keys(read).slice(-3), ['rootfs', 'hooks', '__proto__']);
    assert.deepEqual(read.rootfs, { diff_ids: [diffId], type: 'layers' });
    assert.deepEqual(Object.keys(read.Mounts[0]), [
      'Description',
      'Destination',
      'Name',
      'Options',
      'Settable',
      'Source',
      'Type',
      'zz',
    ]);
    assert.deepEqual(read.Linux.namespaces, []);
  });

  test('replaces a rootfs that the author left in', () => {
    const { document } = parse('{"ROOTFS":{"type":"x","diff_ids":[],"extra":1}}');
    assert.deepEqual(JSON.parse(encodeConfigBlob(document, [diffId]).toString()).rootfs, {
      diff_ids: [diffId],
      type: 'layers',
      extra: 1,
    });
  });

  test('makes a blob that reads back as the same config', () => {
    fc.assert(
      fc.property(arbitraryConfig, (authored) => {
        const { config, document } = parse(JSON.stringify(authored));
        const read = parsePluginConfig(encodeConfigBlob(document, [diffId])).config;
        assert.deepEqual(read, { ...config, rootfs: { type: 'layers', diffIds: [diffId] } });
      }),
    );
  });
});
