/**
 * The Docker Engine API over the plugin engine: the public face of the package.
 */
export type { Configuration, LogLevel } from './configuration/configuration.ts';
export { runDaemon } from './run-daemon.ts';
export { type Daemon, startDaemon } from './start-daemon.ts';
