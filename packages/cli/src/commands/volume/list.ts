/**
 * `outboard volume ls`
 * @see docker/cli cli/command/volume/list.go, cli/command/formatter/volume.go (28.x)
 */
import { listVolumes, type VolumeSummary } from '../../client/volume-api.ts';
import { parseFilters } from '../../options/list-filters.ts';
import { formatRows, parseFormat, type Table } from '../../output/output-format.ts';
import { availableWidth, chooseColumns, type TableFlags } from '../../output/table-view.ts';
import { escapeText } from '../../terminal/escape-text.ts';
import type { CommandContext } from '../command-context.ts';

/** Flags of `outboard volume ls`. */
export interface ListVolumesFlags extends TableFlags {
  readonly quiet?: boolean | undefined;
  /** `NAME=VALUE` */
  readonly filter?: readonly string[] | undefined;
  /** In the form of `parseFormat`. */
  readonly format: string;
}

/** Print the volumes, sorted by name; the daemon's warnings go to standard error, where docker shows none. */
export async function list({ client, host }: CommandContext, flags: ListVolumesFlags): Promise<void> {
  const format = parseFormat(flags.format);
  const shownTable = chooseColumns(table, flags, format);
  const { volumes, warnings } = await listVolumes(client, parseFilters(flags.filter ?? []));
  const rows = [...volumes].sort(byName).map(toRow);
  const shown =
    flags.quiet === true
      ? rows.map(({ Name }) => `${escapeText(Name)}\n`).join('')
      : formatRows(rows, format, shownTable, availableWidth(host, flags));
  host.stdout.write(shown);
  for (const warning of warnings) host.stderr.write(`WARNING: ${escapeText(warning)}\n`);
}

/** A row with the field names of docker. */
interface Row {
  readonly Driver: string;
  readonly Labels: string;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Scope: string;
}

const table: Table<Row> = {
  columns: { DRIVER: ({ Driver }) => Driver, 'VOLUME NAME': ({ Name }) => Name },
  headers: {
    Driver: 'DRIVER',
    Labels: 'LABELS',
    Mountpoint: 'MOUNTPOINT',
    Name: 'VOLUME NAME',
    Scope: 'SCOPE',
  },
  fitting: { drop: [], shrink: ['MOUNTPOINT', 'LABELS', 'DRIVER', 'VOLUME NAME'] },
};

function toRow({ name, driver, scope, mountpoint, labels }: VolumeSummary): Row {
  const shown = labels.map(([key, value]) => `${key}=${value}`).sort();
  return { Driver: driver, Labels: shown.join(','), Mountpoint: mountpoint, Name: name, Scope: scope };
}

/** With numbers in names by value, as in Docker. */
function byName(left: VolumeSummary, right: VolumeSummary): number {
  return (
    left.name.localeCompare(right.name, 'en', { numeric: true }) || (left.driver < right.driver ? -1 : 1)
  );
}
