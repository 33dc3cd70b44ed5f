import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isOutboardError } from '@outboard/oci';
import { messagesOf } from './config-finding.ts';
import { formatInterfaceType, parseInterfaceType } from './interface-type.ts';
import { maxConfigBytes, parsePluginConfig } from './parse-plugin-config.ts';

const parse = (text: string) => {
  const parsed = parsePluginConfig(Buffer.from(text));
  return { ...parsed, warnings: messagesOf(parsed.findings) };
};

function assertRefused(text: string, message: RegExp) {
  assert.throws(
    () => parse(text),
    (error) => {
      assert.ok(isOutboardError(error, 'invalid'), String(error));
      assert.match(error.message, message);
      return true;
    },
  );
}

describe('parsePluginConfig()', () => {
  test('reads field names in any letter case', () => {
    const { config, warnings } = parse(
      '{"ENTRYPOINT":["/p"],"propagatedmount":"/m","Linux":{"allowalldevices":true},"wORKdIR":"/w","pidhost":true}',
    );
    assert.deepEqual(config.entrypoint, ['/p']);
    assert.equal(config.propagatedMount, '/m');
    assert.equal(config.linux.allowAllDevices, true);
    assert.equal(config.workDir, '/w');
    assert.equal(config.pidHost, true);
    assert.deepEqual(warnings, []);
  });

  test('reads null everywhere as the zero value and an empty config as all zero values', () => {
    const empty = parse('{}').config;
    const nulls = parse(
      `{"args":null,"description":null,"documentation":null,"entrypoint":null,"env":null,"interface":null,
        "ipchost":null,"linux":null,"mounts":null,"network":null,"pidhost":null,"propagatedmount":null,"user":null,
        "workdir":null,"rootfs":null,"dockerversion":null}`,
    ).config;
    assert.deepEqual(nulls, empty);
    assert.equal(empty.mounts, null);
    assert.equal(empty.args.value, null);
    assert.deepEqual(empty.user, { uid: 0, gid: 0 });
    assert.equal('rootfs' in empty, false);
  });

  test('keeps null and [] apart', () => {
    const { config } = parse('{"mounts":[],"env":[{"name":"A","settable":[]},{"name":"B","settable":null}]}');
    assert.deepEqual(config.mounts, []);
    assert.equal(config.linux.devices, null);
    assert.deepEqual(
      config.env?.map(({ settable }) => settable),
      [[], null],
    );
  });

  test('names the right key for a misspelt one', () => {
    const document = { Entrypont: ['/p'], mount: [], 'work-dir': '/x', hooks: {}, Mounts: [{ Sorce: '/a' }] };
    const { findings } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
    const misspellings = findings.filter(({ severity }) => severity === 'flaw');
    assert.deepEqual(messagesOf(misspellings), [
      'config: unknown key "Entrypont" is kept but has no effect; did you mean "Entrypoint"?',
      'config: unknown key "mount" is kept but has no effect; did you mean "Mounts"?',
      'config: unknown key "work-dir" is kept but has no effect; did you mean "WorkDir"?',
      'config: unknown key "Mounts[0].Sorce" is kept but has no effect; did you mean "Source"?',
    ]);
  });

  test('names the place of a key that belongs elsewhere, which published plugins have', () => {
    const document = {
      Capabilities: ['CAP_SYS_ADMIN'],
      devices: [],
      Linux: { entrypoint: ['/p'] },
      name: 'p',
    };
    const { findings } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
    assert.deepEqual(
      findings.map(({ severity, message }) => `${severity} ${message}`),
      [
        'warning config: unknown key "Capabilities" is kept but has no effect; did you mean "Linux.Capabilities"?',
        'warning config: unknown key "devices" is kept but has no effect; did you mean "Linux.Devices"?',
        'warning config: unknown key "Linux.entrypoint" is kept but has no effect; did you mean "Entrypoint"?',
        'warning config: unknown key "name" is kept but has no effect',
      ],
    );
  });

  test('keeps unknown keys in the document and warns of each', () => {
    const { document, warnings } = parse('{"hooks":{"a":[1]},"mounts":[{"destination":"/d","extra":1}]}');
    assert.deepEqual(document.hooks, Object.assign(Object.create(null), { a: [1] }));
    assert.deepEqual(warnings, [
      'config: unknown key "hooks" is kept but has no effect',
      'config: unknown key "Mounts[0].extra" is kept but has no effect',
    ]);
  });

  test('bounds the number of warnings', () => {
    const keys = Array.from({ length: 4000 }, (_, index) => `"x${index}":1`).join(',');
    assert.equal(parse(`{${keys}}`).warnings.length, 32);
  });

  const wrongTypes: readonly (readonly [string, string])[] = [
    ['{"mounts":[{"source":5}]}', '"Mounts[0].Source": expected a string or null, got 5'],
    ['{"mounts":{}}', '"Mounts": expected an array or null, got {}'],
    ['{"env":["A=B"]}', '"Env[0]": expected an object or null, got "A=B"'],
    [
      '{"linux":{"capabilities":"CAP_KILL"}}',
      '"Linux.Capabilities": expected an array or null, got "CAP_KILL"',
    ],
    ['{"pidhost":"true"}', '"PidHost": expected true, false or null, got "true"'],
    ['{"interface":{"types":[1]}}', '"Interface.Types[0]": expected a string or null, got 1'],
    [
      '{"rootfs":{"diff_ids":["sha256:x"]}}',
      '"rootfs.diff_ids[0]": expected sha256: and 64 lower-case hex digits, got "sha256:x"',
    ],
    ['[]', 'expected an object, got []'],
  ];
  for (const [text, message] of wrongTypes) {
    test(`R07 refuses ${text} and names path and value`, () => {
      assertRefused(text, new RegExp(`^failed to parse config: ${message.replace(/[[\]{}.|\\]/g, '\\$&')}$`));
    });
  }

  test('I18 refuses user IDs outside 32 bits, and reads no names', () => {
    for (const uid of ['-1', '4294967296', '1.5', '"root"']) {
      assertRefused(`{"user":{"uid":${uid}}}`, /"User\.UID": expected a whole number from 0 to 4294967295/);
    }
    assert.equal(parse('{"user":{"uid":4294967295}}').config.user.uid, 4294967295);
  });

  const ambiguous = [
    '{"linux":{},"Linux":{}}',
    '{"mounts":[],"mounts":[]}',
    '{"mounts":[{"source":"/a","SOURCE":"/b"}]}',
    '{"mount\u017f":[{"type":"bind"}]}',
    '{"networ\u212a":{"type":"host"}}',
    '{"mounts":[],"mount\u017f":[]}',
  ];
  for (const text of ambiguous) {
    test(`R28 refuses ${JSON.stringify(text)}, which engines read in different ways`, () => {
      assertRefused(text, /ambiguous/);
    });
  }

  test('R28 refuses a byte order mark and trailing data', () => {
    assertRefused('\ufeff{}', /^failed to parse config: /);
    assertRefused('{} {}', /^failed to parse config: /);
  });

  test('R29 keeps keys such as __proto__ as ordinary unknown keys', () => {
    const { config, document } = parse('{"__proto__":{"pidhost":true},"constructor":{"prototype":{"x":1}}}');
    assert.equal(config.pidHost, false);
    assert.deepEqual(Object.keys(document), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });

  test('R30 refuses deep nesting', () => {
    assertRefused(`{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /^failed to parse config: /);
  });

  test('R31 refuses numbers that are no safe integers, NUL and lone surrogates', () => {
    for (const value of ['1e400', '12345678901234567890', '"a\\u0000b"', '"\\ud800"']) {
      assertRefused(`{"x":${value}}`, /^failed to parse config: /);
    }
  });

  test('refuses a config beyond the size limit', () => {
    assertRefused(`{"description":"${'x'.repeat(maxConfigBytes)}"}`, /^failed to parse config: /);
  });

  test('reads the socket name with a leading slash as the name without, and says so', () => {
    const { config, warnings } = parse('{"interface":{"socket":"/k.sock"}}');
    assert.equal(config.interface.socket, 'k.sock');
    assert.deepEqual(warnings, ['config: "Interface.Socket": "/k.sock" is read as "k.sock"']);
  });
});

describe('parseInterfaceType()', () => {
  const cases: readonly (readonly [string, string, string, string, string])[] = [
    ['docker.volumedriver/1.0', 'docker', 'volumedriver', '1.0', 'docker.volumedriver/1.0'],
    ['a.b.c/1/2', 'a.b', 'c', '1/2', 'a.b.c/1/2'],
    ['volumedriver', '', 'volumedriver', '', '.volumedriver/'],
    ['', '', '', '', './'],
  ];
  for (const [text, prefix, capability, version, formatted] of cases) {
    test(`splits ${JSON.stringify(text)} at the first slash and the last dot before it`, () => {
      const type = parseInterfaceType(text);
      assert.deepEqual(type, { prefix, capability, version });
      assert.equal(formatInterfaceType(type), formatted);
    });
  }
});
