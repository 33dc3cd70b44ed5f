/**
 * Replace: put another build in the place of a plugin that was created here. It stays enabled, so that its author need not
 * disable, remove, create and enable it.
 */
import type { PluginRecord } from '../../config/plugin-config.ts';
import type { OperationCall } from '../face-rows.ts';
import { type ChangeContext, type ChangeOptions, changeVersion } from './change-version.ts';
import { type PluginContext, unpackContext } from './unpack-context.ts';

/** Request of a replacement. All privileges of the new config are granted, as by create. */
export interface ReplaceRequest extends PluginContext, ChangeOptions {}

/**
 * Replace a plugin, enabled or not.
 * @throws {OutboardError} everything that `changeVersion` throws; invalid for a bad archive or config
 */
export async function replacePlugin(
  context: ChangeContext & Pick<OperationCall, 'meter'>,
  request: ReplaceRequest,
): Promise<PluginRecord> {
  return await changeVersion(
    context,
    { ...request, isLive: true },
    {
      name: request.plugin,
      layerBytes: () => undefined,
      bring: async (to, { id, name }) => {
        const version = await unpackContext(context, request, { ...to, name });
        return { ...version, event: { action: 'create', id } };
      },
    },
  );
}
