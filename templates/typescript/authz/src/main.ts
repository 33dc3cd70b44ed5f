/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

await definePlugin({ name: '__NAME__', authorization: openDriver() }).serve();
