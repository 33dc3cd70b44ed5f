/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

/** "propagatedMount" in config.json: what is mounted below it is seen by the host, and it survives upgrades. */
const root = '/mnt/volumes';

const volume = openDriver(root);
// Who has mounted which volume is kept beside the volumes, so that a restart forgets nothing.
await definePlugin({ name: '__NAME__', volume, stateDirectory: `${root}/.state` }).serve();
