/**
 * Upgrade: replace an installed plugin by another version from a registry.
 */
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { OperationCall } from '../face-rows.ts';
import { type ChangeContext, type ChangeOptions, changeVersion } from './change-version.ts';
import { rememberConsent } from './consent.ts';
import { type DownloadRequest, downloadPlugin } from './download-plugin.ts';
import { createLayerSize } from './explain-full-disk.ts';
import { describeSignerChange } from './signer-change.ts';

/** Request of an upgrade; what the operator granted is for the new version. */
export interface UpgradeRequest extends DownloadRequest, ChangeOptions {}

type UpgradeContext = ChangeContext &
  Pick<OperationCall, 'registry' | 'archives' | 'policy' | 'consents' | 'downloads' | 'limits' | 'meter'>;

/**
 * Upgrade a plugin. Without another wish it stays on the platform that was chosen at its installation.
 * @throws {OutboardError} everything that `changeVersion` and pull throw
 */
export async function upgradePlugin(context: UpgradeContext, request: UpgradeRequest): Promise<PluginRecord> {
  const size = createLayerSize();
  const upgraded = await changeVersion(context, request, {
    name: request.remote,
    layerBytes: size.layerBytes,
    bring: async ({ jail, rootfs, lease }, { platform, verification }) => {
      const { familiarRemote: id, ...version } = await downloadPlugin(
        context,
        { ...request, platform: request.platform ?? platform },
        {
          jail,
          rootfs,
          lease,
          size,
        },
      );
      const change = describeSignerChange(verification, version.installed.verification);
      if (change !== undefined) request.onProgress?.({ status: `Warning: ${change}` });
      const warnings = change === undefined ? version.warnings : [...version.warnings, change];
      return { ...version, warnings, event: { action: 'pull', id } };
    },
  });
  await rememberConsent(context, upgraded);
  return upgraded;
}
