/**
 * Random plugin configs: sound ones with any part replaced by anything. Each is read and judged, or refused as invalid in one line.
 * `OUTBOARD_FUZZ_SECONDS` sets how long; default a fixed number of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOutboardError, type JsonObject, type JsonValue } from '@outboard/oci';
import { arbitraryValue } from '@outboard/oci/testing';
import fc from 'fast-check';
import { parsePluginConfig } from './parse-plugin-config.ts';
import { configCodec } from './plugin-config.ts';
import { toConfigDocument } from './plugin-document.ts';
import { computePrivileges } from './privileges.ts';
import { hideSecrets } from './secret-settings.ts';
import { applySettings, initialSettings } from './settings.ts';
import { judgePluginConfig, validatePluginConfig } from './validate-plugin-config.ts';

const seconds = process.env.OUTBOARD_FUZZ_SECONDS;
const seed = process.env.OUTBOARD_SEED;
const limits = {
  ...(seconds === undefined
    ? { numRuns: 500 }
    : { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: Number(seconds) * 1000 }),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
};

const anything = fc.oneof(
  fc.constantFrom<JsonValue>(
    '',
    '..',
    '/',
    '/../x',
    '\0',
    'a=b',
    -1,
    1e300,
    true,
    null,
    [],
    {},
    [[]],
    [null],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.jsonValue({ maxDepth: 2 }),
) as fc.Arbitrary<JsonValue>; // fast-check's type of JSON is wider in arrays

/** One part of a document, by the turns that lead to it, and what stands there instead. */
const change = fc.record({
  turns: fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 4 }),
  value: anything,
});

/** Replace a part. */
function replaceAt(document: JsonValue, turns: readonly number[], value: JsonValue): JsonValue {
  const [turn, ...rest] = turns;
  if (turn === undefined) return value;
  if (Array.isArray(document)) {
    if (document.length === 0) return [value];
    const index = turn % document.length;
    return document.map((item, each) => (each === index ? replaceAt(item, rest, value) : item));
  }
  if (typeof document !== 'object' || document === null) return value;
  const keys = Object.keys(document);
  const key = keys[turn % Math.max(keys.length, 1)];
  const object = document as JsonObject; // neither array nor null
  return key === undefined ? value : { ...object, [key]: replaceAt(object[key] ?? null, rest, value) };
}

const arbitraryDocument = fc
  .tuple(arbitraryValue(configCodec).map(toConfigDocument), fc.array(change, { maxLength: 3 }))
  .map(([document, changes]) =>
    changes.reduce<JsonValue>((changed, { turns, value }) => replaceAt(changed, turns, value), document),
  );

function requireInvalid(error: unknown): void {
  assert.ok(isOutboardError(error, 'invalid'), error instanceof Error ? error.stack : String(error));
  assert.ok(!/ at .*:\d+:\d+/.test(error.message), error.message);
}

test('any config is read and judged, or refused as invalid', () => {
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(
      arbitraryDocument,
      fc.array(fc.string({ maxLength: 20 }), { maxLength: 2 }),
      (document, args) => {
        try {
          const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
          accepted += 1;
          judgePluginConfig(config);
          computePrivileges(config);
          hideSecrets({ config, settings: initialSettings(config) });
          validatePluginConfig(config);
          const names = (config.env ?? []).map(({ name }) => `${name}=@file:/x`);
          applySettings(config, initialSettings(config), [...names, ...args], { readsSources: true });
        } catch (error) {
          requireInvalid(error);
          refused += 1;
        }
      },
    ),
    limits,
  );
  assert.ok(accepted > 0 && refused > 0, `${accepted} read, ${refused} refused`);
});
