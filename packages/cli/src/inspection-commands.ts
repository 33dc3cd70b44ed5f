/**
 * The rows of the commands that show plugins and the daemon, and remove content.
 */
import {
  formatOption,
  option,
  type RunnableRow,
  repeatableOption,
  tableOptions,
} from './commands/command-row.ts';

/** In the order of the help. */
export const inspectionCommands: readonly RunnableRow[] = [
  {
    name: 'ls',
    alias: 'list',
    description: 'list plugins',
    options: [
      repeatableOption('-f, --filter <filter>', 'enabled=true|false or capability=NAME; may be repeated'),
      formatOption('Name'),
      ...tableOptions('name,state,socket', 'show all, and do not truncate IDs, names and descriptions'),
      option('-q, --quiet', 'IDs only'),
    ],
    notes: `In a narrow terminal the columns DIGEST, ARCH, MEMORY, RESTARTS, UPTIME, HEALTH and ID are dropped, in this order; then
names are truncated. Files and pipes get all columns.`,
    examples: [
      'outboard ls',
      'outboard ls --columns name,state,socket',
      'outboard ls --filter enabled=true --format json',
    ],
    load: async () => (await import('./commands/list.ts')).list,
  },
  {
    name: 'inspect',
    arguments: [['<PLUGIN...>']],
    description: 'show all details of plugins',
    options: [option('-f, --format <format>', 'json, or a template such as {{.Enabled}}')],
    examples: ['outboard inspect rclone', "outboard inspect -f '{{json .Settings.Env}}' rclone"],
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'gc',
    description: 'remove content that no plugin needs',
    options: [
      option(
        '-a, --all',
        'also the versions that plugins could be rolled back to, and interrupted downloads',
      ),
      formatOption('BytesReclaimed'),
    ],
    load: async () => (await import('./commands/collect-garbage.ts')).removeGarbage,
  },
  {
    name: 'version',
    description: 'show the versions of client and daemon',
    options: [formatOption('Server.Version')],
    load: async () => (await import('./commands/version.ts')).version,
  },
];
