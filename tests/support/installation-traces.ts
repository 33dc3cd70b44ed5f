/**
 * Traces of Outboard on a system where it was installed, to show that nothing is left.
 */
import { readdir, readFile } from 'node:fs/promises';
import { changedPaths, type GuestFiles } from './debian-guest.ts';

/** A system, whose files this process sees. */
interface TracedHost {
  /** Path of a file of the host, as seen from this process. */
  path(path: string): string;
}

/** Processes, mounts, groups, and entries of `/run`. */
export async function tracesOn(host: TracedHost): Promise<readonly string[]> {
  const numbers = (await readdir(host.path('/proc'))).filter((name) => /^\d+$/.test(name));
  const processes = await Promise.all(
    numbers.map((number) => readFile(host.path(`/proc/${number}/cmdline`), 'utf8').catch(() => '')),
  );
  const table = await readFile(host.path('/proc/1/mountinfo'), 'utf8');
  const mounts = table.split('\n').map((line) => line.split(' ')[4] ?? '');
  const places = (await readdir(host.path('/run'))).map((name) => `/run/${name}`);
  const groups = (await readFile(host.path('/etc/group'), 'utf8')).split('\n');
  return [...processes, ...mounts, ...places, ...groups].filter((text) => /outboard|conmon/.test(text));
}

/** Written by dpkg, apt, useradd, systemd and npm for themselves. */
const bookkeeping =
  /^\/(var\/(log|cache|tmp\/systemd-private|lib\/(dpkg|apt|systemd|ucf))|etc\/(group|gshadow|subuid|subgid|passwd|shadow|\.pwd\.lock|ld\.so\.cache)-?$|root\/\.)/;

/** Paths that differ from the system as it was made, without the bookkeeping of others. */
export async function changedFiles(files: GuestFiles): Promise<readonly string[]> {
  return (await changedPaths(files)).filter((path) => !bookkeeping.test(path));
}
