/**
 * The conformance suite of the Docker Engine API against a daemon: each case at each of its versions.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { callApi, makeDaemonHome, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { needsRoot } from '../support/needs-root.ts';
import { createPlace, type Place } from './engine-api/case-state.ts';
import { allCases } from './engine-api/cases/all-cases.ts';
import { examineEngine } from './engine-api/engine-under-test.ts';
import { type Registries, startRegistries } from './engine-api/registries.ts';
import { formatResult } from './engine-api/report.ts';
import { runAtAllVersions } from './engine-api/run-suite.ts';

describe('the Engine API', { skip: needsRoot }, () => {
  let daemon: TestDaemon;
  let home: Awaited<ReturnType<typeof makeDaemonHome>>;
  let registries: Registries;
  let place: Place;

  before(async () => {
    home = await makeDaemonHome();
    registries = await startRegistries();
    daemon = await startDaemon({ home: home.home });
    place = createPlace(await examineEngine(daemon.socket), registries);
  });
  after(async () => {
    try {
      assert.equal(
        (await callApi(daemon.socket, 'GET', '/plugins')).text,
        '[]\n',
        'the suite leaves nothing',
      );
      assert.equal(await daemon.end('SIGTERM'), 0, daemon.log());
    } finally {
      // Listeners would keep the process of the test alive, also when the daemon did not start.
      await registries[Symbol.asyncDispose]();
      await home.remove();
    }
  });

  for (const subject of allCases) {
    test(`${subject.title} is answered as in Docker (${subject.id})`, async () => {
      const results = await runAtAllVersions(place, subject);
      const wrong = results.filter(({ outcome }) => outcome !== 'passed').map(formatResult);
      assert.deepEqual(wrong, []);
      assert.ok(results.length > 0, 'the case runs at a version at least');
    });
  }
});
