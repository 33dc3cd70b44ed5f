/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

/** "propagatedMount" in config.json: it survives upgrades. */
const root = '/var/log/containers';

const log = openDriver(root);
// Which logs are open is kept beside them: engines do not announce them again after a restart.
await definePlugin({ name: '__NAME__', log, stateDirectory: `${root}/.state` }).serve();
