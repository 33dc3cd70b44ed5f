import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BundlePaths, bundlePaths, readRunRecord, writeRunRecord } from './bundle.ts';

function pathsFor(context: TestContext): BundlePaths {
  const directory = mkdtempSync(join(tmpdir(), 'outboard-bundle-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return bundlePaths(directory);
}

const start = '{"version":1,"id":"p","generation":"0123456789abcdef","bootId":"b","cgroupsPath":"/plugins/p"';
const counts = '"restarts":2,"earlierKills":1,"toldKills":3';
const processes = '"container":{"pid":2,"startTime":"22"},"monitor":{"pid":1,"startTime":"11"}}';

for (const text of [
  `${start},${counts},${processes}`,
  `${start},"cgroupPath":"/plugins/p","runtime":"/bin/runc",${counts},"logStart":{"file":1,"offset":0},${processes}`,
]) {
  test(`a record that was written earlier is read, and written with the same bytes: ${text}`, async (context) => {
    const paths = pathsFor(context);
    writeFileSync(paths.record, text);
    const record = await readRunRecord(paths);
    assert.ok(record !== undefined);
    rmSync(paths.record);
    await writeRunRecord(paths, record);
    assert.equal(readFileSync(paths.record, 'utf8'), text);
  });
}

test('a record of an earlier version has no counts, which are 0', async (context) => {
  const paths = pathsFor(context);
  writeFileSync(paths.record, `${start},${processes}`);
  const { restarts, earlierKills, toldKills } = (await readRunRecord(paths)) ?? assert.fail('it is damaged');
  assert.deepEqual({ restarts, earlierKills, toldKills }, { restarts: 0, earlierKills: 0, toldKills: 0 });
});

for (const [right, wrong] of [
  ['"version":1', '"version":2'],
  ['"id":"p"', '"id":null'],
  ['0123456789abcdef', '../..'],
  ['/plugins/p', 'plugins'],
  ['"pid":2', '"pid":0'],
  ['"startTime":"22"', '"startTime":"soon"'],
  ['"restarts":2', '"restarts":-1'],
] as const) {
  test(`a record with ${wrong} counts as absent`, async (context) => {
    const paths = pathsFor(context);
    writeFileSync(paths.record, `${start},${counts},${processes}`.replace(right, wrong));
    assert.equal(await readRunRecord(paths), undefined);
  });
}
