import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutboardError } from '@outboard/oci';
import { messagesOf } from './config-finding.ts';
import { optionsInForce } from './options-in-force.ts';
import { parsePluginConfig } from './parse-plugin-config.ts';
import {
  applyOptionsPatch,
  parseAuthorOptions,
  parseOptionsPatch,
  parseOverrides,
  toOptionsDocument,
} from './parse-plugin-options.ts';
import { encodeConfigBlob } from './plugin-document.ts';
import type { PluginOverrides } from './plugin-options.ts';

const all: PluginOverrides = {
  limits: { memoryBytes: 64 * 1024 * 1024, cpus: 0.5, pids: 100, openFiles: 1024 },
  restart: { name: 'on-failure', maximumRetries: 3 },
  stopTimeoutSeconds: 20,
  health: {
    kind: 'http',
    path: '/health',
    intervalSeconds: 5,
    timeoutSeconds: 1,
    retries: 2,
    restarts: true,
  },
  log: { maxBytes: 1_000_000, maxFiles: 2 },
  security: { seccomp: 'unconfined', apparmor: 'plugins', noNewPrivileges: false, readOnlyRootfs: true },
  createMounts: true,
  init: true,
  gateway: { enabled: false, alias: 'store' },
};

function apply(document: unknown, options: PluginOverrides = {}): PluginOverrides {
  return applyOptionsPatch(options, parseOptionsPatch(document));
}

describe('applyOptionsPatch()', () => {
  test('round-trips every field through its document', () => {
    assert.deepEqual(apply(toOptionsDocument(all)), all);
    assert.deepEqual(parseOverrides(toOptionsDocument(all)), all);
  });

  test('reads fields in any letter case', () => {
    assert.deepEqual(apply({ limits: { memorybytes: 8_000_000, PIDS: 4 } }), {
      limits: { memoryBytes: 8_000_000, pids: 4 },
    });
  });

  test('changes named fields, resets null fields, and keeps the rest', () => {
    const changed = apply(
      { Limits: { Cpus: 2, Pids: null }, Health: null, Restart: { Name: 'no', MaximumRetries: null } },
      all,
    );
    assert.deepEqual(changed, {
      ...without(all, 'health'),
      limits: { memoryBytes: 64 * 1024 * 1024, cpus: 2, openFiles: 1024 },
      restart: { name: 'no' },
    });
  });

  test('drops empty objects', () => {
    assert.deepEqual(apply({ Limits: { Cpus: null }, Log: {} }, { limits: { cpus: 1 } }), {});
  });

  test("takes over the author's health check when a part of it is set", () => {
    const author: PluginOverrides = { health: { kind: 'http', path: '/up', retries: 5 } };
    const change = (Health: object, options: PluginOverrides = {}) =>
      applyOptionsPatch(options, parseOptionsPatch({ Health }), author);
    assert.deepEqual(change({ Retries: 2 }), { health: { kind: 'http', path: '/up', retries: 2 } });
    assert.deepEqual(change({ Kind: 'socket' }), { health: { kind: 'socket' } });
    assert.deepEqual(change({ Retries: null }), {}, 'what was never set is taken back');
    const own: PluginOverrides = { health: { kind: 'socket' } };
    assert.deepEqual(change({ Retries: 2 }, own), { health: { kind: 'socket', retries: 2 } });
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'a value of a wrong type',
      { Limits: { MemoryBytes: '64m' } },
      /"limits.memoryBytes": expected a number, got "64m"/,
    ],
    ['a list', [], /expected an object, got \[\]/],
    ['nothing', undefined, /expected an object, got nothing/],
    ['an unknown field', { Limits: { Memory: 1 } }, /unknown key "Limits.Memory"/],
    ['a field given twice', { Limits: {}, limits: {} }, /"Limits" is given twice/],
    [
      'less than 6 MiB',
      { Limits: { MemoryBytes: 6 * 1024 * 1024 - 1 } },
      /Minimum memory limit allowed is 6MB/,
    ],
    ['half a byte', { Limits: { MemoryBytes: 7e6 + 0.5 } }, /invalid "limits.memoryBytes" 7000000.5/],
    ['negative memory', { Limits: { MemoryBytes: -1 } }, /invalid "limits.memoryBytes" -1/],
    ['too little of a processor', { Limits: { Cpus: 0.001 } }, /range of CPUs is from 0.01/],
    [
      'infinitely many processors',
      { Limits: { Cpus: Number.POSITIVE_INFINITY } },
      /"limits.cpus": expected a number/,
    ],
    ['too many processes', { Limits: { Pids: 4_194_305 } }, /invalid "limits.pids" 4194305/],
    [
      'an unknown restart policy',
      { Restart: { Name: 'sometimes' } },
      /expected "always" or "on-failure" or "no", got "sometimes"/,
    ],
    ['a policy without a name', { Restart: { MaximumRetries: 1 } }, /"restart.name": expected "always"/],
    [
      'retries of "always"',
      { Restart: { Name: 'always', MaximumRetries: 1 } },
      /can only be used with 'on-failure'/,
    ],
    ['negative retries', { Restart: { Name: 'on-failure', MaximumRetries: -1 } }, /cannot be negative/],
    ['a health check of no kind', { Health: { Retries: 1 } }, /"health.kind": expected "socket"/],
    [
      'a path of a socket check',
      { Health: { Kind: 'socket', Path: '/' } },
      /is for the health check "http" only/,
    ],
    [
      'a path that smuggles a header',
      { Health: { Kind: 'http', Path: '/a\r\nX: y' } },
      /invalid "health.path"/,
    ],
    [
      'an interval of nothing',
      { Health: { Kind: 'socket', IntervalSeconds: 0 } },
      /Interval in Healthcheck cannot be less than 1ms/,
    ],
    [
      'a log smaller than a file of it',
      { Log: { MaxBytes: 81_919, MaxFiles: 10 } },
      /^invalid "log.maxBytes" 81919: want at least 81920 \(80k\)$/,
    ],
    ['no log file', { Log: { MaxFiles: 0 } }, /invalid "log.maxFiles" 0/],
    [
      'a relative profile',
      { Security: { Seccomp: 'profile.json' } },
      /invalid seccomp profile "profile.json"/,
    ],
    ['a profile with a space', { Security: { Apparmor: 'a b' } }, /invalid AppArmor profile "a b"/],
    ['a key of every object', JSON.parse('{"__proto__": {"Limits": {}}}'), /unknown key "__proto__"/],
  ];
  for (const [name, document, message] of refused) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => apply(document),
        (error) => {
          assert.ok(error instanceof OutboardError, 'an error of ours');
          assert.equal(error.kind, 'invalid');
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

describe('optionsInForce()', () => {
  function configWith(outboard: unknown) {
    const document = { interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' }, outboard };
    const { findings, ...parsed } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
    return { ...parsed, warnings: messagesOf(findings) };
  }

  test('are those of the author where the operator made no decision', () => {
    const { config, warnings } = configWith({
      limits: { memoryBytes: 1e8, pids: 50 },
      health: { kind: 'socket' },
    });
    assert.deepEqual(warnings, []);
    assert.deepEqual(optionsInForce(config, {}), {
      limits: { memoryBytes: 1e8, pids: 50 },
      health: { kind: 'socket' },
    });
    assert.deepEqual(optionsInForce(config, { limits: { pids: 60 } }).limits, { memoryBytes: 1e8, pids: 60 });
  });

  test('lose a limit that the operator sets to 0, and a health check of no kind', () => {
    const { config } = configWith({ limits: { memoryBytes: 1e8 }, health: { kind: 'socket' } });
    assert.deepEqual(optionsInForce(config, { limits: { memoryBytes: 0 }, health: { kind: 'none' } }), {});
  });

  test('take a restart policy whole', () => {
    const { config } = configWith({ restart: { name: 'on-failure', maximumRetries: 5 } });
    assert.deepEqual(optionsInForce(config, { restart: { name: 'no' } }), { restart: { name: 'no' } });
  });

  test('an author may restrict a plugin and never weaken its isolation', () => {
    const allowed = { Security: { ReadOnlyRootfs: true, NoNewPrivileges: true } };
    assert.deepEqual(parseAuthorOptions(allowed, assert.fail), {
      security: { readOnlyRootfs: true, noNewPrivileges: true },
    });
    for (const document of [
      { Security: { Seccomp: 'unconfined' } },
      { Security: { Apparmor: 'unconfined' } },
      { Security: { NoNewPrivileges: false } },
      { CreateMounts: true },
      { Init: true },
    ]) {
      assert.throws(() => parseAuthorOptions(document, assert.fail), /only the operator decides/);
    }
  });

  test('an author is held to the bounds of the table, and a warning names each value that is left out', () => {
    const { config, warnings } = configWith({
      stopTimeoutSeconds: 86_400,
      log: { maxBytes: 2 ** 53 - 1, maxFiles: 1000 },
      health: { kind: 'socket', intervalSeconds: 0.001, retries: 2 },
      limits: { openFiles: 1_073_741_816, pids: 5 },
    });
    assert.deepEqual(optionsInForce(config, {}), {
      health: { kind: 'socket', retries: 2 },
      limits: { pids: 5 },
    });
    const fields = [
      'Limits.OpenFiles',
      'StopTimeoutSeconds',
      'Health.IntervalSeconds',
      'Log.MaxBytes',
      'Log.MaxFiles',
    ];
    assert.equal(warnings.length, fields.length);
    for (const [index, field] of fields.entries()) {
      assert.match(
        warnings[index] ?? '',
        new RegExp(`^config: "outboard": "${field}": \\S+ is not taken: an author`),
      );
    }
    const { config: modest, warnings: none } = configWith({
      stopTimeoutSeconds: 60,
      log: { maxBytes: 1e6, maxFiles: 3 },
      health: { kind: 'socket', intervalSeconds: 1 },
    });
    assert.deepEqual(none, []);
    assert.equal(optionsInForce(modest, {}).stopTimeoutSeconds, 60);
    assert.equal(optionsInForce(config, { stopTimeoutSeconds: 86_400 }).stopTimeoutSeconds, 86_400);
  });

  test('a config for a later version is read, with a warning', () => {
    const { config, warnings } = configWith({ limits: { pids: 5 }, novelty: 1 });
    assert.deepEqual(config.authorOptions, { limits: { pids: 5 } });
    assert.deepEqual(warnings, ['config: "outboard": unknown key "novelty" is kept but has no effect']);
  });

  test('the options of the author are part of the pushed config', () => {
    const { document } = configWith({ limits: { pids: 5 } });
    const { config } = parsePluginConfig(encodeConfigBlob(document, []));
    assert.deepEqual(config.authorOptions, { limits: { pids: 5 } });
  });
});

function without<Key extends keyof PluginOverrides>(options: PluginOverrides, key: Key): PluginOverrides {
  const { [key]: _, ...others } = options;
  return others;
}
