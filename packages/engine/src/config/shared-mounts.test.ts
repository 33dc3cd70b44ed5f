import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confineSharedMounts } from './shared-mounts.ts';

const mount = (destination: string, ...options: string[]) => ({
  destination,
  options,
  shared: options.some((option) => option.endsWith('shared')),
});

describe('confineSharedMounts()', () => {
  for (const destination of ['/run', '/var/run', '/run/docker', '/var/run/docker', '/run/docker/plugins']) {
    for (const option of ['shared', 'rshared']) {
      test(`I02 makes ${option} on ${destination} a slave: the socket directory would be mounted on the host`, () => {
        const { mounts, warnings } = confineSharedMounts([mount(destination, 'rbind', option, 'ro')]);
        assert.deepEqual(mounts, [mount(destination, 'rbind', 'rslave', 'ro')]);
        assert.equal(warnings.length, 1);
        assert.match(
          warnings.join(),
          new RegExp(`"${destination}" is mounted as "rslave".*"/run/docker/plugins"`),
        );
      });
    }
  }

  test('I02 makes a slave of a shared mount with another one below it, wherever that is in the list', () => {
    const [outer, inner] = [mount('/x', 'rbind', 'shared'), mount('/x/cron.d', 'rbind')];
    const slave = mount('/x', 'rbind', 'rslave');
    assert.deepEqual(confineSharedMounts([outer, inner]).mounts, [slave, inner]);
    assert.deepEqual(confineSharedMounts([inner, outer]).mounts, [inner, slave]);
    assert.match(
      confineSharedMounts([inner, outer]).warnings.join(),
      /"\/x" is mounted as "rslave".*"\/x\/cron.d"/,
    );
  });

  test('I02 finds a mount below a shared one through /var/run', () => {
    const [outer, inner] = [mount('/var/run/x', 'bind', 'shared'), mount('/run/x/y', 'bind')];
    assert.equal(confineSharedMounts([outer, inner]).mounts[0]?.shared, false);
  });

  test('I02 keeps the last of several shared mounts at one place, which covers the others', () => {
    const shared = mount('/x', 'bind', 'shared');
    const { mounts, warnings } = confineSharedMounts([shared, shared, mount('/x', 'bind')]);
    assert.deepEqual(mounts, [mount('/x', 'bind', 'rslave'), shared, mount('/x', 'bind')]);
    assert.equal(warnings.length, 1);
  });

  test('leaves all other mounts as they are', () => {
    const mounts = [
      mount('/dev', 'rbind', 'rshared'),
      mount('/etc', 'rbind', 'shared'),
      mount('/device', 'bind'),
      mount('/run', 'rbind'),
      mount('/run/lock', 'rbind'),
    ];
    assert.deepEqual(confineSharedMounts(mounts), { mounts, warnings: [] });
  });
});
