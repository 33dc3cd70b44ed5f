/**
 * Random configuration files and flags: each is accepted, or refused as invalid in one line. `OUTBOARD_FUZZ_SECONDS` sets how long;
 * default a fixed number of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOutboardError } from '@outboard/engine';
import fc from 'fast-check';
import { withDefaults } from './configuration.ts';
import { parseConfigurationDocument } from './configuration-schema.ts';
import { settingKeys, settings } from './settings.ts';

const seconds = process.env.OUTBOARD_FUZZ_SECONDS;
const seed = process.env.OUTBOARD_SEED;
const limits = {
  ...(seconds === undefined
    ? { numRuns: 2000 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(seconds) * 1000 }),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
};

const odd = fc.oneof(
  fc.constantFrom(
    ...['', '/', '/x', 'x', 'tcp://:0', 'unix://', '10g', '-1', '0660', '__proto__', '[::1]', '\0'],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const scalar = fc.oneof(odd, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const value = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(odd, scalar, { maxKeys: 3 }),
);

/** Settings with values that may be right, at least for one of them. */
const file = fc.dictionary(
  fc.oneof(
    { arbitrary: fc.constantFrom<string>(...settingKeys, 'proxies'), weight: 9 },
    { arbitrary: odd, weight: 1 },
  ),
  value,
  { maxKeys: 3 },
);

test('parseConfigurationDocument() accepts or refuses any document', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof({ arbitrary: file, weight: 9 }, { arbitrary: value, weight: 1 }), (document) => {
      try {
        withDefaults(parseConfigurationDocument(document, '/etc/outboard/daemon.json'));
        accepted += 1;
      } catch (error) {
        assert.ok(isOutboardError(error, 'invalid'), error instanceof Error ? error.stack : String(error));
        assert.ok(!/\n| at .*:\d+:\d+/.test(error.message), error.message);
      }
    }),
    limits,
  );
  assert.ok(accepted > 0);
});

test('a flag with an argument is read, or refused with what it must be', () => {
  const kinds = settingKeys
    .map((key) => settings[key].kind)
    .filter((kind) => kind.parseArgument !== undefined);
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.oneof(odd, fc.string({ maxLength: 60 })), (kind, text) => {
      try {
        // The file accepts the value of a flag as well; paths are made absolute elsewhere.
        const parsed = kind.parseArgument?.(text, undefined);
        assert.ok(Array.isArray(parsed) || kind.schema.safeParse(parsed).success, JSON.stringify(parsed));
      } catch (error) {
        assert.equal((error as Error).constructor.name, 'InvalidArgumentError', String(error));
      }
    }),
    limits,
  );
});
