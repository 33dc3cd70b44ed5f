export type { CommandHost, InputStream, OutputStream } from './command-host.ts';
export { runCommandLine } from './run-command-line.ts';
