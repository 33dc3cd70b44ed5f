/**
 * The program of the plugin: wires provider and server.
 */
import { definePlugin } from '@outboard/sdk';
import { SecretFiles } from './secret-files.ts';

const secrets = new SecretFiles('/etc/secrets-directory');
await definePlugin({ name: 'secrets-directory', secrets }).serve();
