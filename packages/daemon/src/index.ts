/**
 * The public face of the package: the program `outboard daemon`, and a daemon for embedding.
 */
export {
  type Configuration,
  type PartialConfiguration,
  withDefaults,
} from './configuration/configuration.ts';
export { runDaemon } from './run-daemon.ts';
export { type Daemon, type DaemonOptions, startDaemon } from './start-daemon.ts';
