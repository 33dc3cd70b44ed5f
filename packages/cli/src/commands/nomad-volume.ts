/**
 * `outboard nomad-volume`: the program behind a host volume plugin of Nomad, which `outboard connect nomad` sets up. Nomad
 * runs it for each operation on a volume, with the volume in the environment, and reads its output.
 * @see nomad client/hostvolumemanager/host_volume_plugin.go (1.10), HostVolumePluginExternal
 */
import { createVolume, mountVolume, removeVolume, unmountVolume } from '../client/volume-api.ts';
import { CommandError } from '../command-error.ts';
import { asText } from '../json-field.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard nomad-volume`. */
export interface NomadVolumeFlags {
  /** Name of the volume plugin. */
  readonly driver?: string | undefined;
}

/** A volume of Nomad. */
interface NomadVolume {
  readonly name: string;
  /** Options of the driver. */
  readonly options: Readonly<Record<string, string>>;
  readonly holder: string;
}

/**
 * Run one operation. Nomad repeats `create` when its client starts: the volume is mounted again after a restart of the host.
 * @throws {CommandError} for an unknown operation, or without the variables that Nomad sets
 */
export async function nomadVolume(
  { client, host, version }: CommandContext,
  operation: string,
  { driver }: NomadVolumeFlags,
): Promise<void> {
  const answer = (document: object) => host.stdout.write(`${JSON.stringify(document)}\n`);
  if (operation === 'fingerprint') {
    answer({ version });
    return;
  }
  if (operation !== 'create' && operation !== 'delete') {
    throw new CommandError(`unknown operation "${operation}": it must be fingerprint, create or delete`);
  }
  const { name, options, holder } = readVolume(host.env);
  if (operation === 'create') {
    await createVolume(client, { name, driver, options, labels: {} });
    answer({ path: await mountVolume(client, name, { holder, driver }), bytes: 0 });
    return;
  }
  await unmountVolume(client, name, { holder, driver });
  await removeVolume(client, name, true);
}

/** The parameter `name` is the volume's name where it is not the one in Nomad. */
function readVolume(env: Readonly<Record<string, string | undefined>>): NomadVolume {
  const { name, ...options } = parseParameters(env.DHV_PARAMETERS ?? '');
  return {
    name: name ?? variable(env, 'DHV_VOLUME_NAME'),
    options,
    holder: `nomad-${variable(env, 'DHV_VOLUME_ID')}`,
  };
}

function variable(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name] ?? '';
  if (value !== '') return value;
  throw new CommandError(`${name} is not set: Nomad runs this command, as a host volume plugin`);
}

/** A volume without parameters has `null`. */
function parseParameters(text: string): Readonly<Record<string, string>> {
  let document: unknown;
  try {
    document = text === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new CommandError('DHV_PARAMETERS is not JSON', { cause: error });
  }
  return Object.fromEntries(Object.entries(document ?? {}).map(([key, value]) => [key, asText(value)]));
}
