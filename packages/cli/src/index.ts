/**
 * The public face of the package: the command line as a function.
 */

export type { CommandHost, InputStream, OutputStream } from './command-host.ts';
export { runCommandLine } from './run-command-line.ts';
