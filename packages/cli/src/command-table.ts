/**
 * The table of commands. A new command is a module in `commands/`, its row in the file of its group, and a row in
 * docs/command-line.md.
 */
import { authorCommands } from './author-commands.ts';
import type { GroupRow, RunnableRow } from './commands/command-row.ts';
import { consumerCommands } from './consumer-commands.ts';
import { hostCommands } from './host-commands.ts';
import { inspectionCommands } from './inspection-commands.ts';
import { processCommands } from './process-commands.ts';
import { registryCommands } from './registry-commands.ts';
import { stateCommands } from './state-commands.ts';
import { volumeCommands } from './volume-commands.ts';

/** All commands but `daemon`, in the order of the help. */
export const commandTable: readonly (RunnableRow | GroupRow)[] = [
  ...authorCommands,
  ...registryCommands,
  ...stateCommands,
  ...inspectionCommands,
  ...processCommands,
  volumeCommands,
  ...consumerCommands,
  ...hostCommands,
];
