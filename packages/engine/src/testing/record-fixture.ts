/**
 * A plugin record for tests, complete and valid, with what a test needs changed.
 */
import { digestOf, mediaTypes } from '@outboard/oci';
import { parsePluginConfig } from '../config/parse-plugin-config.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { computePrivileges } from '../config/privileges.ts';
import { initialSettings } from '../config/settings.ts';

export function recordFixture(changes: Partial<PluginRecord> = {}): PluginRecord {
  const document = {
    description: 'a plugin for tests',
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: ['/plugin'],
    network: { type: 'host' },
    env: [{ name: 'DEBUG', value: '0', settable: ['value'] }],
    args: { name: 'args', value: ['--flag'], settable: ['value'] },
    mounts: [
      {
        name: 'state',
        source: '/srv',
        destination: '/state',
        type: 'bind',
        options: ['rbind'],
        settable: ['source'],
      },
    ],
    linux: {
      capabilities: ['CAP_SYS_ADMIN'],
      devices: [{ name: 'fuse', path: '/dev/fuse', settable: null }],
    },
    propagatedMount: '/mnt/volumes',
  };
  const { config } = parsePluginConfig(Buffer.from(JSON.stringify(document)));
  return {
    id: '0123456789abcdef'.repeat(4),
    name: 'acme/p:latest',
    enabled: false,
    pluginReference: 'docker.io/acme/p:latest',
    config,
    settings: initialSettings(config),
    configDigest: digestOf(Buffer.from('config')),
    manifestDigest: digestOf(Buffer.from('manifest')),
    manifestMediaType: mediaTypes.dockerManifest,
    blobDigests: [digestOf(Buffer.from('layer'))],
    privileges: computePrivileges(config),
    timeoutSeconds: 0,
    overrides: {},
    ...changes,
  };
}
