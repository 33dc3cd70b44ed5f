export type { CommandHost, InputStream, OutputStream } from './host.ts';
export { runCommandLine } from './run-command-line.ts';
