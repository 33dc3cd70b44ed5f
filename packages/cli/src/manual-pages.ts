/**
 * All pages of the manual, from the table of commands and the settings of the daemon. For scripts/manual-pages.mjs: the
 * program itself does not load it.
 */
import { commandTable } from './command-table.ts';
import { ownVersion } from './installation.ts';
import { commandPages } from './manual/command-pages.ts';
import { daemonPages, type ManualDaemon } from './manual/daemon-pages.ts';
import type { ManualPage } from './manual/manual-page.ts';
import { programPage } from './manual/program-page.ts';
import { shownGlobalOptions } from './program.ts';

/**
 * Make all pages.
 * @param daemon its flags and settings, which this package does not know
 * @param date of the release, such as `2026-01-31`
 */
export function manualPages(daemon: ManualDaemon, date: string): readonly ManualPage[] {
  const facts = { version: ownVersion(), date };
  return [
    programPage(commandTable, shownGlobalOptions, facts),
    ...commandTable.flatMap((row) => commandPages(row, facts)),
    ...daemonPages(daemon, facts),
  ];
}
