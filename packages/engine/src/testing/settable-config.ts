/**
 * A config with a field of every kind, settable and not.
 */
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginConfig } from '../config/plugin-config.ts';

/** Read a config that a test writes. */
export function readConfig(config: object): PluginConfig {
  return parsePluginConfig(Buffer.from(JSON.stringify(config))).config;
}

const bind = { type: 'bind', options: ['bind'] };
/** The config. */
export const settableConfig = readConfig({
  env: [
    { name: 'DEBUG', value: '0', settable: ['value'] },
    { name: 'EMPTY', value: '', settable: ['value'] },
    { name: 'UNSET', value: null, settable: ['value'] },
    { name: 'FIXED', value: 'x' },
    { name: 'a.b', value: '1', settable: ['value'] },
    { name: '.hidden', value: '1', settable: ['value'] },
    { name: 'TWO', value: '1', settable: ['value', 'name'] },
    { name: 'ODD', value: '1', settable: ['name'] },
    { name: 'both', value: '1', settable: ['value'] },
  ],
  mounts: [
    { ...bind, name: 'state', source: '/s', destination: '/state', settable: ['source'] },
    { ...bind, name: 'nosource', source: null, destination: '/n', settable: ['source'] },
    { ...bind, name: 'fixed', source: '/f', destination: '/f' },
    { ...bind, name: 'both', source: '/b', destination: '/b', settable: ['source'] },
  ],
  linux: {
    devices: [
      { name: 'dev', path: '/dev/fuse', settable: ['path'] },
      { name: 'nopath', path: null, settable: ['path'] },
    ],
  },
  args: { name: 'args', value: ['-v'], settable: ['value'] },
});
