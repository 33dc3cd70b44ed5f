/** The program of the plugin: it serves the driver on the socket that config.json names. */
import { definePlugin } from '@outboard/sdk';
import { openDriver } from './driver.ts';

/** Where the host's directory with secrets is mounted; see "mounts" in config.json. */
const secrets = openDriver('/secrets');
await definePlugin({ name: '__NAME__', secrets }).serve();
