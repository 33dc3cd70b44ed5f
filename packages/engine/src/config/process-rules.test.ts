/**
 * The rules for the process of a plugin: working directory, socket, interface types, environment and list lengths.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, sound, validate } from '../testing/validated-config.ts';

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
