/**
 * The rules for texts that users see: no character that hides or reorders what is shown.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRefused, sound, validate } from '../testing/validated-config.ts';

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
