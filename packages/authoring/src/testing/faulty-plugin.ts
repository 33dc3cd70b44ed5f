/**
 * The faulty plugin as a directory for `create`. Node.js and its libraries are mounted from the host.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { faultyProgram } from './faulty-program.ts';

const kinds = 'volumedriver authz networkdriver ipamdriver logdriver secretprovider metricscollector'.split(
  ' ',
);

/** Parts of the config that a test replaces. */
export interface FaultyConfig {
  readonly kinds?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
  /** More mounts than those of Node.js. */
  readonly mounts?: readonly object[];
}

/** Write `config.json` and `rootfs/`. @param directory must be empty */
export function writeFaultyPlugin(directory: string, changes: FaultyConfig = {}): void {
  const rootfs = join(directory, 'rootfs');
  const shared = [...new Set(['/usr', '/bin', '/lib', '/lib64', dirname(dirname(process.execPath))])];
  const needed = [
    '/proc',
    '/sys',
    '/dev',
    '/tmp',
    '/etc',
    '/run/docker/plugins',
    '/mnt/volumes',
    '/data',
    ...shared,
  ];
  for (const path of needed) mkdirSync(join(rootfs, path), { recursive: true });
  writeFileSync(join(rootfs, 'plugin.mjs'), faultyProgram);
  writeFileSync(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  const config = {
    Description: 'A plugin with faults',
    Documentation: 'https://example.com/faulty',
    Entrypoint: [process.execPath, '/plugin.mjs'],
    Interface: {
      Types: (changes.kinds ?? kinds).map((kind) => `docker.${kind}/1.0`),
      Socket: 'faulty.sock',
    },
    Network: { Type: 'none' },
    PropagatedMount: '/mnt/volumes',
    Env: ['FAULT', 'DELAY_MS'].map((Name) => ({ Name, Description: '', Value: '', Settable: ['value'] })),
    Mounts: [
      ...shared.map((path) => ({
        Name: path,
        Description: 'Node.js of the host',
        Source: path,
        Destination: path,
        Type: 'bind',
        Options: ['rbind', 'ro'],
      })),
      ...(changes.mounts ?? []),
    ],
    ...changes.config,
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
}
