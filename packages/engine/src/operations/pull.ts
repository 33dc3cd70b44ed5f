/**
 * Pull: fetch a plugin from a registry and install it, disabled.
 */
import { randomBytes } from 'node:crypto';
import { familiarString, OutboardError, parseReference, withDefaultTag, withoutDigest } from '@outboard/oci';
import { withOptions } from '../config/options-in-force.ts';
import type { PluginRecord } from '../config/plugin-config.ts';
import { initialSettings } from '../config/settings.ts';
import type { OperationMeter } from '../observe/operation-meter.ts';
import type { PullRequest } from '../plugin-engine-contract.ts';
import { collectGarbageOnFailure } from './collect-garbage.ts';
import { downloadPlugin, reportWarnings } from './download-plugin.ts';
import type { EngineContext } from './engine-context.ts';
import { createLayerSize, explainFullDisk, type LayerSize } from './explain-full-disk.ts';

type PullContext = Omit<EngineContext, 'supervisor' | 'queue'> & { readonly meter: OperationMeter };

/**
 * Install a plugin. The privileges are compared before any layer moves; nothing shows until all of it is on disk.
 * @throws {OutboardError} conflict when the local name is taken; forbidden when the privileges differ;
 *   invalid for bad references, configs and content; the registry's errors
 */
export function pullPlugin(context: PullContext, request: PullRequest): Promise<PluginRecord> {
  const size = createLayerSize();
  const installation = { plugin: request.remote, layerBytes: size.layerBytes };
  return explainFullDisk(context, installation, () =>
    collectGarbageOnFailure(context, () => installPlugin(context, request, size)),
  );
}

async function installPlugin(
  context: PullContext,
  request: PullRequest,
  size: LayerSize,
): Promise<PluginRecord> {
  const name = localName(request.remote, request.name);
  using _name = context.store.reserveName(name);
  await using lease = context.content.lease();
  // Opened before the network is asked: the jail starts meanwhile.
  await using workspace = await context.workspaces.open();
  const downloaded = await downloadPlugin(context, request, {
    jail: workspace.jail,
    lease,
    meter: context.meter,
    size,
  });

  const record: PluginRecord = withOptions({
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    ...downloaded.installed,
    settings: initialSettings(downloaded.installed.config),
    timeoutSeconds: 0,
    overrides: {},
  });
  await context.store.add(record, workspace.commit());
  reportWarnings(context, record, downloaded.warnings);
  context.announce({ type: 'plugin', action: 'pull', id: downloaded.familiarRemote, attributes: { name } });
  return record;
}

/**
 * The local name under which a remote is installed: the alias if there is one, else the remote's own name and tag.
 * @throws {OutboardError} invalid
 */
export function localName(remote: string, alias = ''): string {
  if (alias === '') {
    const reference = parseReference(remote);
    return familiarString(withDefaultTag(withoutDigest(reference)));
  }
  const reference = parseReference(alias);
  if (reference.digest !== undefined) throw new OutboardError('invalid', 'cannot use digest in plugin tag');
  return familiarString(withDefaultTag(reference));
}
