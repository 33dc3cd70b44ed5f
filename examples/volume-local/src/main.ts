/**
 * The program of the plugin: wires driver and server.
 */
import { definePlugin } from '@outboard/sdk';
import { LocalVolumes, stateDirectoryOf } from './local-volumes.ts';

/** `propagatedMount` in config.json; it outlives restarts and upgrades of the plugin. */
const root = process.env.VOLUME_LOCAL_ROOT ?? '/mnt/volumes';
const isDebugging = process.env.DEBUG === '1';

const volume = await LocalVolumes.open({
  root,
  hostNameFile: '/etc/hostname',
  log: (message) => {
    if (isDebugging) console.log(message);
  },
});
const plugin = definePlugin({ name: 'volume-local', volume, stateDirectory: stateDirectoryOf(root) });
// The socket can be given for runs outside of a container.
await plugin.serve(process.argv[2] === undefined ? {} : { socket: process.argv[2] });
