import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escapeHidden, hasHiddenCharacters, isOutboardError } from '@outboard/oci';
import { parsePluginConfig } from './parse-plugin-config.ts';
import { validatePluginConfig } from './validate-plugin-config.ts';

const sound = { entrypoint: ['/p'], interface: { types: ['docker.volumedriver/1.0'], socket: 'p.sock' } };

function validate(config: object, strictness: 'create' | 'pull' = 'pull') {
  return validatePluginConfig(
    parsePluginConfig(Buffer.from(JSON.stringify({ ...sound, ...config }))).config,
    {
      strictness,
    },
  );
}

function assertRefused(config: object, ...parts: readonly string[]) {
  for (const strictness of ['create', 'pull'] as const) {
    assert.throws(
      () => validate(config, strictness),
      (error) => {
        assert.ok(isOutboardError(error, 'invalid'), String(error));
        for (const part of parts) assert.ok(error.message.includes(part), `${error.message} lacks ${part}`);
        assert.match(error.message, /: want |want /);
        assert.equal(hasHiddenCharacters(error.message), false);
        return true;
      },
    );
  }
}

const bind = (
  destination: string,
  options: readonly string[] = ['rbind'],
  source: string | null = '/src',
) => ({
  mounts: [{ type: 'bind', source, destination, options }],
});

describe('validatePluginConfig() on mounts', () => {
  const types = [
    { type: 'proc', source: 'none', destination: '/p', options: [] },
    { type: 'overlay', source: 'none', destination: '/p', options: ['lowerdir=/etc:/usr'] },
    { type: 'none', source: 'none', destination: '/p', options: [] },
    { type: '', source: '/x', destination: '/p', options: ['ro'] },
    { type: 'sysfs', source: 'sysfs', destination: '/p', options: ['ro'] },
    { type: 'Bind', source: '/x', destination: '/p', options: ['ro'] },
    { type: 'ext4', source: '/dev/sda1', destination: '/p', options: null },
    { type: 'cgroup', source: 'cgroup', destination: '/p', options: ['rw'] },
  ];
  for (const mount of types) {
    test(`I01 refuses a mount of type ${JSON.stringify(mount.type)} with options ${JSON.stringify(mount.options)}`, () => {
      assertRefused(
        { mounts: [mount] },
        '"Mounts[0]"',
        'Type',
        JSON.stringify(mount.type),
        '"bind" or "tmpfs"',
      );
    });
  }

  test('I01 accepts bind, rbind, tmpfs, and bind options under any other type, as a bind of the source', () => {
    for (const type of ['bind', 'rbind', 'none', '', 'ext4', 'proc', 'overlay', 'tmpfs', 'Bind']) {
      assert.deepEqual(
        validate({ mounts: [{ type, source: '/s', destination: '/d', options: ['bind', 'ro'] }] }),
        [],
      );
    }
    assert.deepEqual(
      validate({ mounts: [{ type: 'tmpfs', destination: '/d', options: ['size=64m', 'mode=0700'] }] }),
      [],
    );
  });

  test('I01 accepts the type rbind as a recursive bind, with or without the option', () => {
    const mount = { type: 'rbind', source: '/s', destination: '/d', options: null };
    assert.match(validate({ mounts: [mount] }).join(), /is mounted as "rbind"/);
  });

  test('I02 leaves out options of fstab and docker run that have no effect, with a warning', () => {
    for (const option of ['defaults', 'z', 'Z']) {
      assert.deepEqual(validate(bind('/d', ['rbind', option]), 'create'), [
        `config: "Mounts[0]": option "${option}" has no effect`,
      ]);
    }
    const tmpfs = { type: 'tmpfs', destination: '/d', options: ['defaults', 'size=1m'] };
    assert.match(validate({ mounts: [tmpfs] }).join(), /option "defaults" has no effect/);
  });

  for (const option of [
    'r',
    'read-only',
    'RO',
    'ro,dev',
    'lowerdir=/etc',
    'x-mount.mkdir',
    'uid=1000',
    'size=1m',
    'cached',
    'volume-nocopy',
    '',
  ]) {
    test(`I02 leaves out the bind option ${JSON.stringify(option)}, which the kernel would ignore`, () => {
      const mount = { source: '/s', destination: '/d', options: ['rbind', option] };
      for (const type of ['bind', 'none', 'overlay']) {
        const [warning, ...more] = validate({ mounts: [{ ...mount, type }] }, 'create');
        assert.ok(warning?.includes(`option ${JSON.stringify(option)} has no effect`), warning);
        assert.equal(/"ro"$/.test(warning ?? ''), ['r', 'read-only'].includes(option), warning);
        assert.equal(warning?.endsWith('an entry of its own'), option.includes(','), warning);
        assert.deepEqual(more, []);
      }
    });
  }

  for (const option of ['remount', 'idmap', 'unbindable', 'rro', 'rrw', 'tmpcopyup', 'ro\u200b', 'r\n']) {
    test(`I02 refuses the bind option ${JSON.stringify(option)}`, () => {
      assertRefused(bind('/d', ['rbind', option]), 'Options', escapeHidden(JSON.stringify(option)));
    });
  }

  for (const option of [
    'dev',
    'suid',
    'shared',
    'rslave',
    'z',
    'size=1m,dev',
    'mpol=bind',
    'mode=99999',
    'noswap',
  ]) {
    test(`I02 refuses the tmpfs option ${JSON.stringify(option)}`, () => {
      assertRefused(
        { mounts: [{ type: 'tmpfs', destination: '/d', options: [option] }] },
        JSON.stringify(option),
      );
    });
  }

  test('I02 refuses 10,000 options and two propagations', () => {
    assertRefused(bind('/d', Array<string>(10_000).fill('ro')), 'at most 64');
    assertRefused(bind('/d', ['rbind', 'rslave', 'shared']), 'one propagation option');
  });

  test('I02 warns of a bind without bind option and of the option readonly', () => {
    assert.match(
      validate(bind('/d', ['readonly'])).join('\n'),
      /"readonly" has no effect.*mounted as "rbind"/s,
    );
  });

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

describe('validatePluginConfig() on texts that are shown', () => {
  const hidden = [
    '\u001b[2K',
    '\n',
    '\u009b',
    '\u200b',
    '\u202e',
    '\u2066',
    '\u2028',
    '\ufeff',
    '\u3164',
    '\u{e0041}',
  ];
  const device = (fields: object) => ({ linux: { devices: [{ name: 'd', path: '/dev/fuse', ...fields }] } });
  const mount = (fields: object) => ({
    mounts: [{ type: 'bind', source: '/s', destination: '/d', options: ['bind'], ...fields }],
  });
  const places: readonly (readonly [string, (text: string) => object])[] = [
    ['Mounts[0].Source', (text) => mount({ source: `/etc${text}` })],
    ['Mounts[0].Source', (text) => mount({ type: 'tmpfs', options: [], source: `tmpfs${text}` })],
    ['Mounts[0].Name', (text) => mount({ name: `data${text}` })],
    ['Mounts[0].Type', (text) => mount({ type: `none${text}` })],
    ['Destination', (text) => mount({ destination: `/d${text}` })],
    ['Linux.Devices[0].Path', (text) => device({ path: `/dev/fuse${text}` })],
    ['Linux.Devices[0].Name', (text) => device({ name: `fuse${text}` })],
    ['capability', (text) => ({ linux: { capabilities: [`CAP_KILL${text}`] } })],
    ['Network.Type', (text) => ({ network: { type: `none${text}` } })],
    ['Env[0].Name', (text) => ({ env: [{ name: `DEBUG${text}` }] })],
    ['Args.Name', (text) => ({ args: { name: `args${text}` } })],
    ['PropagatedMount', (text) => ({ propagatedMount: `/mnt${text}` })],
    ['WorkDir', (text) => ({ workdir: `/w${text}` })],
    ['Interface.Socket', (text) => ({ interface: { ...sound.interface, socket: `p${text}.sock` } })],
    ['Interface.Types[0]', (text) => ({ interface: { socket: 'p', types: [`docker.authz/1.0${text}`] } })],
  ];
  for (const [field, config] of places) {
    test(`refuses what cannot be seen in ${field} ${JSON.stringify(config('\u202e'))}`, () => {
      for (const text of hidden) assertRefused(config(text), field);
    });
  }

  test('refuses control characters and direction overrides in descriptions, and accepts lines and emoji', () => {
    const described = (description: string) => [
      { description },
      { documentation: description },
      { args: { description } },
      { env: [{ name: 'A', description }] },
      device({ description }),
      mount({ description }),
    ];
    for (const text of ['\u001b[2K', '\u009b', '\u202e', '\u2066', '\u2028']) {
      for (const config of described(`a${text}b`)) assertRefused(config, 'D');
    }
    for (const text of ['two\n\tlines\r\n', '🗄\ufe0f storage 👩\u200d💻', 'שלום\u200f!']) {
      for (const config of described(text)) assert.deepEqual(validate(config, 'create'), []);
    }
  });
});

describe('validatePluginConfig() on the process', () => {
  for (const workdir of ['/proc/self/fd/7', '/proc', 'relative', '/a/../proc', '/dev/fd/7', '/a\u0007']) {
    test(`I07 refuses the working directory ${JSON.stringify(workdir)}`, () => {
      assertRefused({ workdir }, 'WorkDir', JSON.stringify(workdir));
    });
  }

  test('I07 accepts absolute working directories', () => {
    for (const workdir of ['', '/', '/app', '/app/', '/procedure'])
      assert.deepEqual(validate({ workdir }), []);
  });

  for (const socket of ['../../x.sock', 'a/b', '//abs', '.', '..', 'a\nb', 'x'.repeat(88)]) {
    test(`I08 refuses the socket name ${JSON.stringify(socket.slice(0, 20))}`, () => {
      assertRefused({ interface: { ...sound.interface, socket } }, 'Interface.Socket', 'one file name');
    });
  }

  test('I08 accepts a socket name whose path just fits a socket address', () => {
    assert.deepEqual(validate({ interface: { ...sound.interface, socket: 'x'.repeat(87) } }), []);
  });

  test('I08 refuses types without a socket on create, warns on pull', () => {
    const config = { interface: { types: ['docker.authz/1.0'] } };
    assert.throws(() => validate(config, 'create'), /Interface\.Socket/);
    assert.match(validate(config).join(), /Interface\.Socket/);
    assert.match(validate({ interface: {} }, 'create').join(), /Interface\.Socket/);
  });

  for (const type of ['volumedriver', 'docker.volumedriver', 'volumedriver/1.0', '', 'docker./1.0']) {
    test(`refuses the interface type ${JSON.stringify(type)} on create, warns on pull`, () => {
      const config = { interface: { ...sound.interface, types: [type] } };
      assert.throws(() => validate(config, 'create'), /Interface\.Types\[0\]/);
      assert.match(validate(config).join(), /Interface\.Types\[0\]/);
    });
  }

  test('quotes an interface type as its author wrote it, and shows one that would be right', () => {
    for (const [type, likely] of [
      ['volumedriver', 'docker.volumedriver/1.0'],
      ['docker.authz', 'docker.authz/1.0'],
      ['logdriver/1.0', 'docker.logdriver/1.0'],
    ]) {
      const config = { interface: { ...sound.interface, types: [type] } };
      const got = `invalid value ${JSON.stringify(type)}: want `;
      assert.throws(
        () => validate(config, 'create'),
        ({ message }: Error) => {
          return message.includes(got) && message.endsWith(`such as ${JSON.stringify(likely)}`);
        },
      );
    }
  });

  test('I17 refuses env names that are empty, hold "=" or control characters, and entries beyond 128 KiB', () => {
    for (const name of ['', 'A=B', 'A\nB', 'A\u001b[31m']) {
      assertRefused({ env: [{ name, value: 'x' }] }, 'Env[0].Name');
    }
    assertRefused({ env: [{ name: 'A', value: 'x'.repeat(128 * 1024) }] }, 'Env[0].Value');
    assertRefused({ entrypoint: ['x'.repeat(128 * 1024)] }, 'Entrypoint[0]');
    assertRefused({ args: { value: ['x'.repeat(128 * 1024)] } }, 'Args.Value[0]');
  });

  test('I17 accepts newlines in values, dashes and dots in names, and PATH', () => {
    const env = [
      { name: 'CERT', value: '-----BEGIN\nx\n' },
      { name: 'linode-token', value: '' },
      { name: 'a.b', value: null },
      { name: 'PATH', value: '/bin' },
    ];
    assert.deepEqual(validate({ env }, 'create'), []);
  });

  test('warns of an env name that is there twice, a missing entrypoint and an unknown network', () => {
    assert.match(validate({ env: [{ name: 'A' }, { name: 'A' }] }).join(), /there twice/);
    assert.match(validate({ entrypoint: [] }, 'create').join(), /Entrypoint/);
    assert.match(validate({ network: { type: 'weave' } }).join(), /Network\.Type/);
  });

  test('refuses lists of more than 1,024 entries', () => {
    const many = <T>(item: T) => Array<T>(1025).fill(item);
    assertRefused({ env: many({ name: 'A' }) }, 'Env', '1025 entries');
    assertRefused({ mounts: many({ type: 'bind', destination: '/d', options: ['bind'] }) }, 'Mounts');
    assertRefused({ linux: { devices: many({ path: '/dev/fuse' }) } }, 'Linux.Devices');
    assertRefused({ linux: { capabilities: many('CAP_KILL') } }, 'Linux.Capabilities');
    assertRefused({ entrypoint: many('x') }, 'Entrypoint');
    assertRefused({ interface: { ...sound.interface, types: many('docker.authz/1.0') } }, 'Interface.Types');
  });
});

describe('validatePluginConfig() on host access', () => {
  for (const propagatedMount of [
    '..',
    '/..',
    '/',
    'relative',
    '/proc',
    '/proc/x',
    '/sys',
    '/dev/x',
    '/run/docker/plugins',
    '/var/run/docker/plugins/a',
    '/a\u0001b',
  ]) {
    test(`I11 refuses the propagated mount ${JSON.stringify(propagatedMount)}`, () => {
      assertRefused({ propagatedMount }, 'PropagatedMount', JSON.stringify(propagatedMount));
    });
  }

  test('I15 refuses control characters in device paths, and mistakes in them on create', () => {
    assertRefused({ linux: { devices: [{ path: '/dev/a\nb' }] } }, 'Linux.Devices[0].Path');
    for (const path of ['/dev/../etc', 'fuse', '/dev/fuse/']) {
      assert.throws(
        () => validate({ linux: { devices: [{ path }] } }, 'create'),
        /Linux\.Devices\[0\]\.Path/,
      );
      assert.match(validate({ linux: { devices: [{ path }] } }).join(), /Linux\.Devices\[0\]\.Path/);
    }
    assert.deepEqual(
      validate({
        linux: { devices: [{ name: 'd', path: '', settable: ['path'] }, { path: '/dev/net/tun' }] },
      }),
      [],
    );
    for (const path of [null, '']) {
      assert.match(validate({ linux: { devices: [{ path }] } }).join(), /the plugin cannot start without$/);
    }
  });

  for (const name of [
    'cap_sys_admin',
    'sys_admin',
    'CAP_FUTURE',
    'ALL',
    'CAP_ALL',
    '',
    'CAP_',
    'CAP_CAP_KILL',
    'CAP_KILL ',
  ]) {
    test(`I16 refuses the capability ${JSON.stringify(name)}`, () => {
      assertRefused({ linux: { capabilities: [name] } }, 'unknown capability', JSON.stringify(name));
    });
  }

  test('I16 suggests the canonical name for another letter case', () => {
    assertRefused({ linux: { capabilities: ['sys_admin'] } }, 'want CAP_SYS_ADMIN');
  });

  test('I16 accepts names with and without CAP_, and warns of duplicates', () => {
    assert.deepEqual(
      validate({ linux: { capabilities: ['CAP_BPF', 'NET_ADMIN', 'CAP_CHECKPOINT_RESTORE'] } }),
      [],
    );
    assert.match(validate({ linux: { capabilities: ['CAP_KILL', 'KILL'] } }).join(), /twice/);
  });
});
