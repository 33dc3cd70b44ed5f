import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePluginConfig } from '../../config/parse-plugin-config.ts';
import { appArmorOpenings, appArmorProfile, appArmorProfileName } from './plugin-profile.ts';

const closed = { mounting: false, sysfs: false, hostProcesses: false };
const read = (config: object) =>
  parsePluginConfig(Buffer.from(JSON.stringify({ entrypoint: ['/p'], ...config }))).config;
const bind = (destination: string) => ({ type: 'bind', source: '/sys', destination, options: ['rbind'] });

describe('appArmorOpenings()', () => {
  for (const [name, config, capabilities, expected] of [
    ['nothing', {}, ['CAP_CHOWN'], closed],
    ['CAP_SYS_ADMIN', {}, ['CAP_CHOWN', 'CAP_SYS_ADMIN'], { ...closed, mounting: true }],
    ['the host processes', { pidhost: true }, [], { ...closed, hostProcesses: true }],
    ['a mount at /sys', { mounts: [bind('/sys')] }, [], { ...closed, sysfs: true }],
    ['a mount below /sys', { mounts: [bind('/sys/fs/cgroup/')] }, [], { ...closed, sysfs: true }],
    ['a mount elsewhere', { mounts: [bind('/sysroot')] }, [], closed],
  ] as const) {
    test(`tells them for ${name}`, () => {
      assert.deepEqual(appArmorOpenings(read(config), capabilities), expected);
    });
  }
});

describe('appArmorProfile()', () => {
  const rulesOf = (openings: typeof closed) =>
    appArmorProfile(openings)
      .text({ hasAbi3: false })
      .split('\n')
      .map((line) => line.trim());

  test('is one profile of its name, with a rule in each line', () => {
    const text = appArmorProfile(closed).text({ hasAbi3: true });
    const [abi, head, ...rest] = text.split('\n');
    assert.equal(abi, 'abi <abi/3.0>,');
    assert.equal(head, 'profile outboard-plugin flags=(attach_disconnected,mediate_deleted) {');
    assert.deepEqual(rest.slice(-2), ['}', '']);
    for (const line of rest.slice(0, -2)) assert.match(line, /^ {2}[a-z][^{}]*,$/);
  });

  test('has a name for each combination', () => {
    const names = [false, true].flatMap((mounting) =>
      [false, true].flatMap((sysfs) =>
        [false, true].map((hostProcesses) => appArmorProfileName({ mounting, sysfs, hostProcesses })),
      ),
    );
    assert.equal(new Set(names).size, 8);
    assert.deepEqual(
      [names[0], names[7]],
      ['outboard-plugin', 'outboard-plugin-mounting-sysfs-host-processes'],
    );
  });

  test('denies mounts and writing to the kernel unless the plugin may mount', () => {
    const walls = ['deny mount,', 'deny pivot_root,', 'deny /proc/sys/** wl,', 'deny /sys/** wl,'];
    const [without, granted] = [rulesOf(closed), rulesOf({ ...closed, mounting: true })];
    for (const wall of walls) {
      assert.ok(without.includes(wall), wall);
      assert.ok(!granted.includes(wall), wall);
    }
    assert.ok(granted.includes('mount,') && !without.includes('mount,'), 'mount');
  });

  test('lets a plugin write where it was given the host /sys', () => {
    assert.ok(!rulesOf({ ...closed, sysfs: true }).includes('deny /sys/** wl,'), 'still denied');
  });

  test('lets a plugin reach its own processes, and those of the host when they were granted', () => {
    const own = rulesOf(closed);
    assert.ok(own.includes('ptrace peer=outboard-plugin,') && !own.includes('ptrace,'), 'own');
    const all = rulesOf({ ...closed, hostProcesses: true });
    assert.ok(all.includes('ptrace,') && all.includes('signal,'), 'all');
    assert.ok(own.includes('signal (receive) peer=unconfined,'), 'the daemon could not stop it');
  });
});
