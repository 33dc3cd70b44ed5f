/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

/** "propagatedMount" in config.json: it survives upgrades. */
const state = '/var/lib/__NAME__';

await definePlugin({ name: '__NAME__', network: openDriver(), stateDirectory: state }).serve();
