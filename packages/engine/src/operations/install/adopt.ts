/**
 * Adopt: take plugins over from the data root of a Docker Engine, which is left as it is. Docker has no such operation.
 */
import type { Cancellable } from '@outboard/async';
import { readCgroupMembers } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { type DockerDirectory, openDockerDirectory } from '../../adoption/docker-directory.ts';
import { type DockerPlugin, readDockerPlugin } from '../../adoption/docker-plugin.ts';
import { type AdoptContext, type Adoption, adoptPlugin, judgeAdoption } from './adopt-plugin.ts';
import { localName } from './local-name.ts';

/** Request of an adoption. */
export interface AdoptRequest extends Cancellable {
  /** Data root of a Docker Engine on the host of this program, such as `/var/lib/docker`. */
  readonly directory: string;
  /** Names, IDs or ID prefixes of the plugins to take; default all. */
  readonly plugins?: readonly string[] | undefined;
  /** Only tell what would be adopted; default false. */
  readonly isDryRun?: boolean | undefined;
  /** While a Docker Engine uses the directory, take the plugins that are disabled in it; default false: take none. */
  readonly force?: boolean | undefined;
}

/** A plugin of the directory, or the reason why it has no usable record. */
type Found = { readonly id: string } & ({ readonly plugin: DockerPlugin } | { readonly problem: string });

/** @see PluginInstaller.adopt */
export async function adoptPlugins(
  context: AdoptContext,
  request: AdoptRequest,
): Promise<readonly Adoption[]> {
  const { directory, isDryRun = false, force = false, signal } = request;
  await using docker = await openDockerDirectory(directory);
  if (docker.isInUse && !force) throw engineRuns(directory);
  const found = select(await readAll(docker, signal), request);
  const findProcess = await readCgroupMembers();
  const host = { docker, findProcess };
  const adoptions: Adoption[] = [];
  for (const one of found) {
    signal?.throwIfAborted();
    if ('problem' in one) adoptions.push(refusal(one.id, one.problem));
    else if (isDryRun) adoptions.push(await judgeAdoption(context, one.plugin, host));
    else adoptions.push(await adoptPlugin(context, one.plugin, { ...host, signal }));
  }
  return adoptions;
}

function refusal(id: string, reason: string): Adoption {
  return { id, outcome: 'refused', reason, isEnabled: false, warnings: [] };
}

async function readAll(
  { pluginsDirectory, ids }: DockerDirectory,
  signal: AbortSignal | undefined,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const id of ids) {
    signal?.throwIfAborted();
    try {
      found.push({ id, plugin: await readDockerPlugin(pluginsDirectory, id) });
    } catch (error) {
      // The others are taken all the same.
      found.push({ id, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return found;
}

/** @throws {OutboardError} not-found for a name that no plugin has; nothing is adopted then */
function select(
  found: readonly Found[],
  { plugins: typed = [], directory }: Pick<AdoptRequest, 'plugins' | 'directory'>,
): readonly Found[] {
  if (typed.length === 0) return found;
  const chosen = new Set<Found>();
  for (const text of typed) {
    const matches = found.filter((one) => matchesName(one, text));
    const [match, second] = matches;
    if (match === undefined) {
      throw new OutboardError(
        'not-found',
        `no plugin ${JSON.stringify(text.slice(0, 256))} in ${JSON.stringify(directory)}: see outboard adopt --dry-run`,
      );
    }
    if (second !== undefined) {
      throw new OutboardError('invalid', `several plugins have IDs that begin with ${JSON.stringify(text)}`);
    }
    chosen.add(match);
  }
  return found.filter((one) => chosen.has(one));
}

function matchesName(one: Found, text: string): boolean {
  if (/^[0-9a-f]{4,64}$/.test(text) && one.id.startsWith(text)) return true;
  if (!('plugin' in one)) return false;
  const { name } = one.plugin.record;
  return name === text || name === nameOf(text);
}

function nameOf(text: string): string | undefined {
  try {
    return localName(text);
  } catch {
    return undefined; // an ID, or no name at all
  }
}

function engineRuns(directory: string): OutboardError {
  return new OutboardError(
    'conflict',
    `a Docker Engine uses ${JSON.stringify(directory)}: stop it first (systemctl stop docker.socket docker.service), or adopt with --force the plugins that are disabled in it`,
    { code: 'docker-runs' },
  );
}
