/**
 * The rules for the destination and the source of a mount: nothing over the kernel's directories and the plugin's sockets.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, bind, validate } from '../testing/validated-config.ts';

describe('validatePluginConfig() on mounts', () => {
  const destinations: readonly (readonly [string, (readonly string[])?, string?])[] = [
    ['/'],
    ['//'],
    ['relative'],
    [''],
    ['/a/../b'],
    ['/a/./b'],
    ['/a\nb'],
    [`/${'x'.repeat(5000)}`],
    ['/proc'],
    ['/proc/'],
    ['/proc/sys', ['rbind'], '/proc/sys'],
    ['//proc//self'],
    ['/sys'],
    ['/sys/fs/cgroup', ['rbind'], '/other'],
    ['/dev', ['rbind'], '/src'],
    ['/dev/null', ['rbind'], '/dev/null'],
    ['/dev/fd/3'],
    ['/dev/ptmx'],
    ['/run/docker/plugins/x.sock'],
    ['/var/run/docker/plugins/x'],
  ];
  for (const [destination, options, source] of destinations) {
    const title = `${JSON.stringify(destination.slice(0, 40))} with ${JSON.stringify(options ?? ['rbind'])} from ${source ?? '/src'}`;
    test(`I04 refuses a bind at ${title}`, () => {
      assertRefused(bind(destination, options, source), '"Mounts[0]"', 'Destination');
    });
  }

  for (const destination of ['/dev', '/dev/net', '/sys', '/sys/fs/cgroup', '/run/docker/plugins']) {
    test(`I04 refuses a tmpfs over ${destination}`, () => {
      assertRefused(
        { mounts: [{ type: 'tmpfs', source: destination, destination }] },
        'Destination',
        destination,
      );
    });
  }

  test('I04 accepts the host trees that plugins in the field bind on the same path', () => {
    for (const path of [
      '/dev',
      '/sys',
      '/sys/fs/cgroup',
      '/sys/kernel/config',
      '/dev/shm',
      '/dev/mapper',
      '/run',
    ]) {
      assert.deepEqual(validate(bind(path, ['rbind'], path)), [], path);
    }
  });

  test('I04 warns of a mount over another mount', () => {
    const mount = { type: 'bind', source: '/s', destination: '/d', options: ['bind'] };
    assert.match(
      validate({ mounts: [mount, { ...mount, destination: '/d/' }] }).join(),
      /over another mount at "\/d"/,
    );
  });

  test('refuses a relative source on create and warns on pull', () => {
    assert.throws(() => validate(bind('/d', ['rbind'], 'config.json'), 'create'), /Mounts\[0\]\.Source/);
    assert.match(validate(bind('/d', ['rbind'], 'config.json'), 'pull').join(), /Mounts\[0\]\.Source/);
    assertRefused(bind('/d', ['rbind'], '/a\nb'), 'Mounts[0].Source');
  });
});
