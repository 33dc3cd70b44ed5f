import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEventLog } from '../events/event-log.ts';
import { createRoutes } from '../routes/routes.ts';
import { scriptEngine } from '../testing/scripted-engine.ts';
import { createRouteTable } from './route-table.ts';

const unused = () => assert.fail('not called');
const findRoute = createRouteTable(
  createRoutes({
    engine: scriptEngine({}),
    calls: { read: unused },
    events: createEventLog(
      () => {},
      () => {},
    ),
    version: '',
    dataRoot: '',
    registries: unused,
    runtime: '',
    cgroupDriver: 'cgroupfs',
    liveRestore: true,
    authorizationPlugins: () => [],
    diagnose: unused,
    hostFacts: unused,
    components: unused,
  }),
);

const matches: readonly [method: string, path: string, route: string, name: string][] = [
  ['GET', '/plugins', '/plugins', ''],
  ['GET', '/plugins/privileges', '/plugins/privileges', ''],
  ['GET', '/plugins/privileges/json', '/plugins/{name}/json', 'privileges'],
  ['GET', '/plugins/reg:5000/acme/p:v1/json', '/plugins/{name}/json', 'reg:5000/acme/p:v1'],
  ['GET', '/plugins/x/json/json', '/plugins/{name}/json', 'x/json'],
  ['GET', '/plugins/a/../b/json', '/plugins/{name}/json', 'a/../b'],
  ['POST', '/plugins/pull', '/plugins/pull', ''],
  ['POST', '/plugins/create', '/plugins/create', ''],
  ['POST', '/plugins/pull/enable', '/plugins/{name}/enable', 'pull'],
  ['POST', '/plugins/create/set', '/plugins/{name}/set', 'create'],
  ['POST', '/plugins/a/set/set', '/plugins/{name}/set', 'a/set'],
  ['POST', '/plugins/a/pull', '/plugins/{name}/pull', 'a'],
  ['DELETE', '/plugins/a/b:c', '/plugins/{name}', 'a/b:c'],
  ['DELETE', '/plugins/x/json', '/plugins/{name}', 'x/json'],
  ['DELETE', '/plugins/privileges', '/plugins/{name}', 'privileges'],
  ['HEAD', '/_ping', '/_ping', ''],
  ['POST', '/outboard/v1/gc', '/outboard/v1/gc', ''],
];
for (const [method, path, route, name] of matches) {
  test(`D03 ${method} ${path} matches ${route} with name ${JSON.stringify(name)}`, () => {
    const match = findRoute(method, path);
    assert.deepEqual({ path: match?.route.path, name: match?.name }, { path: route, name });
  });
}

const unknown: readonly [method: string, path: string][] = [
  ['GET', '/plugins/'],
  ['GET', '/plugins/a'],
  ['GET', '/plugins/json'],
  ['GET', '/plugins/a/json/'],
  ['HEAD', '/plugins'],
  ['PUT', '/plugins/a/enable'],
  ['GET', '/plugins/a/enable'],
  ['DELETE', '/plugins'],
  ['DELETE', '/plugins/'],
  ['POST', '/plugins/enable'],
  ['GET', '/PLUGINS'],
  ['GET', '/plugins%2Fa%2Fjson'],
  ['GET', '/constructor'],
];
for (const [method, path] of unknown) {
  test(`D03 ${method} ${path} matches no route`, () => {
    assert.equal(findRoute(method, path), undefined);
  });
}
