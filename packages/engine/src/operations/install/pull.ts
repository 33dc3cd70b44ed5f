/**
 * Pull: fetch a plugin from a registry and install it, disabled.
 */
import { randomBytes } from 'node:crypto';
import type { PluginRecord } from '../../config/plugin-config.ts';
import { initialSettings } from '../../config/settings.ts';
import { retryChangedContent } from '../../distribution/retry-changed-content.ts';
import { collectGarbageOnFailure } from '../content/collect-garbage.ts';
import type { OperationCall } from '../face-rows.ts';
import { rememberConsent } from './consent.ts';
import { type DownloadRequest, downloadPlugin, reportWarnings } from './download-plugin.ts';
import { createLayerSize, explainFullDisk, type LayerSize } from './explain-full-disk.ts';
import { localName } from './local-name.ts';

/** Request of a pull. */
export interface PullRequest extends DownloadRequest {
  /** Local name; default the remote's name. */
  readonly name?: string | undefined;
}

type PullContext = Pick<
  OperationCall,
  | (
      | 'dataRoot'
      | 'store'
      | 'content'
      | 'registry'
      | 'archives'
      | 'policy'
      | 'consents'
      | 'downloads'
      | 'limits'
      | 'workspaces'
    )
  | ('announce' | 'logger' | 'meter')
>;

/**
 * Install a plugin. The privileges are compared before any layer is fetched; nothing is visible until all of it is on
 * disk.
 * @throws {OutboardError} conflict when the local name is taken; forbidden when the privileges differ;
 *   invalid for bad references, configs and content; the registry's errors
 */
export function pullPlugin(context: PullContext, request: PullRequest): Promise<PluginRecord> {
  const size = createLayerSize();
  const installation = { plugin: request.remote, layerBytes: size.layerBytes };
  return explainFullDisk(context, installation, () =>
    collectGarbageOnFailure(context, () => retryChangedContent(() => installPlugin(context, request, size))),
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
  // Opened before the first request, so that the jail starts while the registry answers.
  await using workspace = await context.workspaces.open();
  const { jail, rootfs } = workspace;
  const downloaded = await downloadPlugin(context, request, { jail, rootfs, lease, size });

  const record: PluginRecord = {
    id: randomBytes(32).toString('hex'),
    name,
    enabled: false,
    ...downloaded.installed,
    settings: initialSettings(downloaded.installed.config),
    timeoutSeconds: 0,
    overrides: {},
  };
  await context.store.add(record, workspace.commit());
  await rememberConsent(context, record);
  reportWarnings(context, record, downloaded.warnings);
  context.announce({ type: 'plugin', action: 'pull', id: downloaded.familiarRemote, attributes: { name } });
  return record;
}
