/**
 * The life of a plugin on a system where Outboard is installed, with the program `outboard` there.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { perlPluginArchive } from './perl-plugin.ts';

/** A system on which commands run. */
export interface InstalledHost {
  /** Run a program and assert success. @returns standard output, trimmed */
  ok(...command: readonly string[]): Promise<string>;
}

/** A plugin that runs there, with one volume in use. */
export interface InstalledPlugin {
  /** In the registry. */
  readonly reference: string;
  readonly id: string;
  /** Its first process and when that started: the same as long as the plugin was not restarted. */
  process(): Promise<string>;
  /** Read the data of the volume, and remove it. */
  releaseVolume(): Promise<void>;
  /** Read the data of the volume, and end everything: the volume, then the plugin. */
  end(): Promise<void>;
}

/**
 * Create a plugin, push it to a registry, install it from there, enable it, and write into a volume of it.
 * @param options.shared directory that the host has at `/run/host`
 */
export async function installPlugin(
  host: InstalledHost,
  { registry, shared }: { readonly registry: string; readonly shared: string },
): Promise<InstalledPlugin> {
  const reference = `${registry}/acme/folders:v1`;
  const outboard = (...args: readonly string[]) => host.ok('outboard', ...args);
  await writeFile(join(shared, 'plugin.tar'), perlPluginArchive());
  await host.ok('sh', '-c', 'mkdir /tmp/plugin && tar -xf /run/host/plugin.tar -C /tmp/plugin');
  await outboard('create', reference, '/tmp/plugin');
  await outboard('push', reference);
  await outboard('rm', reference);
  await outboard('install', '--disable', '--grant-all-permissions', reference);
  await outboard('enable', reference);
  await outboard('volume', 'create', '--driver', reference, 'data');
  const path = await outboard('volume', 'mount', '--holder', 'test', 'data');
  await host.ok('sh', '-c', `echo kept > ${path}/file`);
  const releaseVolume = async () => {
    assert.equal(await host.ok('cat', `${path}/file`), 'kept');
    await host.ok('rm', `${path}/file`);
    await outboard('volume', 'unmount', '--holder', 'test', 'data');
    await outboard('volume', 'rm', 'data');
  };
  return {
    reference,
    id: await outboard('inspect', '--format', '{{.Id}}', reference),
    async process() {
      const pid = await outboard('exec', reference, '/bin/sh', '-c', 'cut -d " " -f 22 /proc/1/stat');
      assert.match(pid, /^\d+$/);
      return pid;
    },
    releaseVolume,
    async end() {
      await releaseVolume();
      await outboard('disable', reference);
      await outboard('rm', reference);
      await host.ok('rm', '-r', '/tmp/plugin');
    },
  };
}
