/**
 * The operations of the load, as requests.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeDirectories } from '../make-directories.ts';
import type { LoadRequest } from './load-client.ts';

/** Listens milliseconds after its start, as plugins in Go or C do. */
const program = `
use IO::Socket::UNIX;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::UNIX->new(Local => '/run/docker/plugins/plugin.sock', Listen => 16) or die $!;
while (1) { my $client = $server->accept or next; 1 while sysread $client, my $request, 4096; close $client; }
`;

const hostDirectories = ['/usr', '/bin', '/lib', '/lib64'];

/** Make the context of a plugin of a few files, which runs the host's Perl. @returns the bytes of its tar */
export async function makeLightContext(directory: string): Promise<Buffer> {
  const places = ['proc', 'sys', 'dev', 'run/docker/plugins', ...hostDirectories];
  await makeDirectories(...places.map((place) => join(directory, 'rootfs', place)));
  await writeFile(join(directory, 'rootfs', 'plugin.pl'), program);
  const config = {
    description: 'one of many',
    interface: { types: ['docker.volumedriver/1.0'], socket: 'plugin.sock' },
    entrypoint: ['/usr/bin/perl', '/plugin.pl'],
    env: [{ name: 'DEBUG', value: '0', settable: ['value'] }],
    mounts: hostDirectories.map((path) => ({
      name: path.slice(1),
      type: 'bind',
      source: path,
      destination: path,
      options: ['rbind', 'ro'],
    })),
    network: { type: '' },
    args: { name: 'args', value: [] },
    linux: {},
  };
  await writeFile(join(directory, 'config.json'), JSON.stringify(config));
  await promisify(execFile)('tar', ['-cf', 'context.tar', 'config.json', 'rootfs'], { cwd: directory });
  return await readFile(join(directory, 'context.tar'));
}

/** Name of the n-th plugin of the load. */
export function pluginName(index: number): string {
  return `load/plugin-${index}:latest`;
}

const path = (name: string, rest = '') => `/plugins/${name}${rest}`;

/** The requests by name. */
export const requests = {
  list: (): LoadRequest => ({ method: 'GET', path: '/plugins' }),
  status: (): LoadRequest => ({ method: 'GET', path: '/outboard/v1/plugins' }),
  inspect: (name: string): LoadRequest => ({ method: 'GET', path: path(name, '/json') }),
  set: (name: string, value: number): LoadRequest => ({
    method: 'POST',
    path: path(name, '/set'),
    type: 'application/json',
    body: JSON.stringify([`DEBUG=${value}`]),
  }),
  enable: (name: string): LoadRequest => ({ method: 'POST', path: path(name, '/enable?timeout=60') }),
  disable: (name: string): LoadRequest => ({ method: 'POST', path: path(name, '/disable') }),
  create: (name: string, context: Uint8Array): LoadRequest => ({
    method: 'POST',
    path: `/plugins/create?name=${encodeURIComponent(name)}`,
    type: 'application/x-tar',
    body: context,
  }),
  remove: (name: string): LoadRequest => ({ method: 'DELETE', path: path(name, '?force=1') }),
  gc: (): LoadRequest => ({ method: 'POST', path: '/outboard/v1/gc' }),
} as const;

/** Name of an operation. */
export type OperationName = keyof typeof requests;
