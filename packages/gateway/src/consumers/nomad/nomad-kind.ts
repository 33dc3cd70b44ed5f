/**
 * Nomad as a consumer of volume plugins: a host volume plugin for each of them, so that `nomad volume create` makes volumes
 * of it. The Docker driver of Nomad uses plugins through Docker Engine and needs no file of its own.
 */
import { isAbsolute, join } from 'node:path';
import { OutboardError } from '@outboard/oci';
import type { ConnectablePlugin, ConnectOptions, ConsumerKind, ConsumerPlan } from '../consumer-kind.ts';
import { hostVolumePlugin, type OutboardCommand } from './host-volume-plugin.ts';
import {
  hasHostVolumePlugins,
  type NomadVersion,
  parseNomadVersion,
  readNomadVersion,
} from './nomad-version.ts';

/** `host_volume_plugin_dir` of Nomad's own packages, whose data directory is `/opt/nomad/data`. */
const pluginDirectory = '/opt/nomad/data/host_volume_plugins';

/** Nomad of this host, or of a system below a prefix. @param command for the programs that are written */
export function nomadKind(
  command: OutboardCommand,
  readVersion: typeof readNomadVersion = readNomadVersion,
): ConsumerKind {
  return {
    name: 'nomad',
    accepts: ['prefix', 'configDir', 'version'],
    async examine(options, cancellable) {
      refuseRelative('prefix', options.prefix);
      refuseRelative('configDir', options.configDir);
      const version = await findVersion(options, () => readVersion(cancellable));
      if (version !== undefined && !hasHostVolumePlugins(version)) throw tooOld(version);
      return {
        description: version === undefined ? 'Nomad of unknown version' : `Nomad ${version.text}`,
        plan: (plugins) => plan(plugins, options, { command, version }),
      };
    },
  };
}

async function findVersion(
  { version, prefix }: ConnectOptions,
  ask: () => Promise<NomadVersion | undefined>,
): Promise<NomadVersion | undefined> {
  if (version !== undefined) return parseNomadVersion(version);
  // The program of another system cannot be run here.
  return prefix === undefined ? await ask() : undefined;
}

function plan(
  plugins: readonly ConnectablePlugin[],
  { prefix = '/', configDir = pluginDirectory }: ConnectOptions,
  { command, version }: { readonly command: OutboardCommand; readonly version: NomadVersion | undefined },
): ConsumerPlan {
  const volumePlugins = plugins.filter(({ capabilities }) => capabilities.includes('volumedriver'));
  const files = volumePlugins.map((plugin) => ({
    path: join(prefix, configDir, `outboard-${plugin.alias}`),
    content: hostVolumePlugin(plugin, command),
    isExecutable: true,
    pluginId: plugin.id,
  }));
  const names = volumePlugins.map(({ alias }) => `outboard-${alias}`).join(', ');
  const notes = [
    ...(version === undefined
      ? ['The version of Nomad is not known: host volume plugins need 1.10 or later.']
      : []),
    files.length === 0
      ? 'No volume plugin is enabled: each one is connected as soon as it is.'
      : `Restart the Nomad client, or send it SIGHUP; then "plugin_id" of a volume may be: ${names}.`,
  ];
  return { files, notes };
}

function tooOld({ text }: NomadVersion): OutboardError {
  const message =
    `Nomad ${text} runs no host volume plugins: version 1.10 or later is needed; ` +
    'or use "outboard volume mount" and a host_volume block, or the Docker driver with "outboard connect docker"';
  return new OutboardError('conflict', message);
}

function refuseRelative(option: string, path: string | undefined): void {
  if (path === undefined || isAbsolute(path)) return;
  throw new OutboardError('invalid', `${option} "${path}" is relative: an absolute path is needed`);
}
