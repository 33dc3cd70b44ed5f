/**
 * Checks that the plugins of a data root have readable records. It changes nothing, so that it can run beside a daemon as
 * well as without one.
 */
import { readdir } from 'node:fs/promises';
import { mapBounded } from '@outboard/async';
import { errorCode } from '@outboard/container';
import { isOutboardError } from '@outboard/oci';
import { type DamagedPlugin, damagedPlugin, shownName } from '../store/damaged-plugin.ts';
import { createPluginLayout, isPluginId } from '../store/plugin-layout.ts';
import { parseRecord, readRecordText } from '../store/plugin-record-file.ts';
import type { HostCheck } from './requirement.ts';

const name = 'plugins';
/** Upper bound of the damaged plugins that are named. */
const maxNamed = 5;

/** Read the record of each plugin. @param dataRoot may not exist yet */
export async function checkRecords(dataRoot: string): Promise<HostCheck> {
  const layout = createPluginLayout(dataRoot);
  let ids: readonly string[];
  try {
    ids = (await readdir(layout.pluginsDirectory)).filter(isPluginId);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { name, status: 'ok', message: 'none', remedy: '' };
    const message = `${layout.pluginsDirectory} cannot be read: ${code}`;
    return { name, status: 'fail', message, remedy: 'run it as root, and check the disk' };
  }
  const found = await mapBounded(ids, async (id): Promise<DamagedPlugin | undefined> => {
    let text = '';
    try {
      const paths = layout.plugin(id);
      text = await readRecordText(paths);
      const record = parseRecord(text, paths);
      return record.id === id ? undefined : damagedPlugin(id, new Error('its record names another ID'), text);
    } catch (error) {
      // The plugin was removed meanwhile.
      if (isOutboardError(error) && errorCode(error.cause) === 'ENOENT' && !(await isThere(layout, id)))
        return undefined;
      return damagedPlugin(id, error, text);
    }
  });
  return summarize(
    ids.length,
    found.filter((plugin) => plugin !== undefined),
  );
}

async function isThere(
  { pluginsDirectory }: { readonly pluginsDirectory: string },
  id: string,
): Promise<boolean> {
  return (await readdir(pluginsDirectory)).includes(id);
}

function summarize(total: number, damaged: readonly DamagedPlugin[]): HostCheck {
  const [first] = damaged;
  if (first === undefined) return { name, status: 'ok', message: `${total} installed`, remedy: '' };
  const named = damaged.slice(0, maxNamed).map((plugin) => `${shownName(plugin)}: ${plugin.reason}`);
  const more = damaged.length > maxNamed ? `; and ${damaged.length - maxNamed} more` : '';
  const id = first.id.slice(0, 12);
  return {
    name,
    status: 'fail',
    message: `${damaged.length} of ${total} damaged: ${named.join('; ')}${more}`,
    remedy: `look at all of it: outboard fsck; repair it: outboard fsck --repair ${id}, or remove it: outboard rm -f ${id}`,
  };
}
