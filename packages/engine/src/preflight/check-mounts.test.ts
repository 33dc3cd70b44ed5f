import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingDirectories } from './check-mounts.ts';

const mount = (source: string | null, destination: string, type = 'bind') => ({
  ...{ name: '', description: '', options: ['rbind'], settable: [] },
  ...{ source, destination, type },
});

test('missingDirectories() lists the sources that are created, each once, and no others', () => {
  const mounts = [
    mount('/srv/a', '/a'),
    mount('/srv/a', '/again'),
    mount('/srv/there', '/there'),
    mount('/srv/sockets', '/run/docker/plugins'),
    mount('/srv/forbidden', '/proc/x'),
    mount('/run/acme.sock', '/acme'),
    mount('/srv/file', '/file'),
    mount(null, '/none'),
  ];
  const sources = new Map(
    mounts
      .map(({ source }) => [source ?? '', { kind: 'missing' }] as const)
      .filter(([path]) => path !== '/srv/there'),
  );
  const needs = {
    ...{ sources, deviceProblems: new Map(), programFlaws: [], missingHostFiles: [] },
    destinations: new Map([['/file', 'other']] as const),
  };
  assert.deepEqual(missingDirectories(mounts, needs), ['/srv/a']);
});
