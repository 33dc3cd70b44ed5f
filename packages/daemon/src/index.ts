/**
 * The Docker Engine API over the plugin engine: the public face of the package.
 */
export type { Configuration } from './configuration/configuration.ts';
export type { LogLevel } from './logging/log-level.ts';
export { runDaemon } from './run-daemon.ts';
export { type Daemon, type DaemonOptions, startDaemon } from './start-daemon.ts';
