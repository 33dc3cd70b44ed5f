/**
 * The program of the plugin: wires driver and server.
 */
import { definePlugin } from '@outboard/sdk';
import { JsonLinesDriver } from './json-lines-driver.ts';

/** `propagatedMount` in config.json: it outlives upgrades of the plugin, and the host sees the files there. */
const directory = '/mnt/logs';

const log = new JsonLinesDriver(directory);
await definePlugin({ name: 'log-json-lines', log, stateDirectory: `${directory}/.state` }).serve();
