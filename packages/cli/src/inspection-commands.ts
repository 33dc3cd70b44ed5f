/**
 * The rows of the commands that show plugins and the daemon, and remove content.
 */
import { formatOption, option, type RunnableRow, repeatableOption } from './commands/command-row.ts';

/** In the order of the help. */
export const inspectionCommands: readonly RunnableRow[] = [
  {
    name: 'ls',
    alias: 'list',
    description: 'list plugins',
    options: [
      repeatableOption('-f, --filter <filter>', 'enabled=true|false or capability=NAME; may be repeated'),
      formatOption('Name'),
      option('--no-trunc', 'do not truncate IDs and descriptions'),
      option('-q, --quiet', 'IDs only'),
    ],
    examples: ['outboard ls', 'outboard ls --filter enabled=true --format json'],
    load: async () => (await import('./commands/list.ts')).list,
  },
  {
    name: 'inspect',
    arguments: [['<PLUGIN...>']],
    description: 'show all details of plugins',
    options: [option('-f, --format <format>', 'json, or a template such as {{.Enabled}}')],
    examples: ['outboard inspect ssh', "outboard inspect -f '{{json .Settings.Env}}' ssh"],
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'gc',
    description: 'remove content that no plugin needs',
    options: [
      option('-a, --all', 'also the versions that plugins could be rolled back to'),
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
