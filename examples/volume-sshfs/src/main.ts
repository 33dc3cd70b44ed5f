/**
 * The program of the plugin: wires driver and server.
 */
import { definePlugin } from '@outboard/sdk';
import { SshfsVolumes, stateDirectoryOf } from './sshfs-volumes.ts';

/** `propagatedMount` in config.json; it outlives restarts and upgrades of the plugin. */
const root = '/mnt/volumes';
const isDebugging = process.env.DEBUG === '1';

const volume = await SshfsVolumes.open({
  root,
  log: (message) => {
    if (isDebugging) console.log(message);
  },
});
await definePlugin({ name: 'volume-sshfs', volume, stateDirectory: stateDirectoryOf(root) }).serve();
