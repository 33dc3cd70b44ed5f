/**
 * Large configs are read and written in turns of the event loop, with the results of doing so at once.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaTypes, parseDigest } from '@outboard/oci';
import { readConfigBlob, readConfigBlobInTurns } from './image-plugin.ts';
import { parsePluginConfig, parsePluginConfigInTurns } from './parse-plugin-config.ts';
import { encodeConfigBlob, encodeConfigBlobInTurns } from './plugin-document.ts';

const bytes = Buffer.from(
  '{"entrypoint":["/p"],"interface":{"types":["docker.volumedriver/1.0"]},"extra":1}',
);
const { document } = parsePluginConfig(bytes);
const diffIds = [parseDigest(`sha256:${'ab'.repeat(32)}`)];
const type = mediaTypes.dockerPluginConfig;

/** @returns the result, and the number of turns that began before it */
async function countTurns<Result>(work: () => Promise<Result>): Promise<{ result: Result; turns: number }> {
  let turns = 0;
  let timer = setImmediate(function count() {
    turns += 1;
    timer = setImmediate(count);
  });
  const result = await work();
  clearImmediate(timer);
  return { result, turns };
}

for (const [name, inTurns, atOnce, leastTurns] of [
  ['parsePluginConfig()', () => parsePluginConfigInTurns(bytes), () => parsePluginConfig(bytes), 1],
  ['readConfigBlob()', () => readConfigBlobInTurns(bytes, type), () => readConfigBlob(bytes, type), 1],
  [
    'encodeConfigBlob()',
    () => encodeConfigBlobInTurns(document, diffIds),
    () => encodeConfigBlob(document, diffIds),
    3,
  ],
] as const) {
  test(`${name} in turns gives way, with the same result`, async () => {
    const { result, turns } = await countTurns<unknown>(inTurns);
    assert.deepEqual(result, atOnce());
    assert.ok(turns >= leastTurns, `${turns} turns`);
  });
}
