/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

// The metrics go to the plugin's log: put your own system in place.
const metrics = openDriver((text) => process.stdout.write(text));
await definePlugin({ name: '__NAME__', metrics }).serve();
