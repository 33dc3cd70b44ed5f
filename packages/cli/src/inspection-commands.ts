/**
 * The rows of the commands that show plugins and the daemon, and remove content.
 */
import { authFileOption } from './commands/auth-file-flag.ts';
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
    options: [
      option('-f, --format <format>', 'json, or a template such as {{.Enabled}}'),
      option('--show-secrets', 'values of secret settings in place of ***, for root on a unix socket'),
    ],
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
    name: 'fsck',
    arguments: [['[PLUGIN...]']],
    description: 'check records, stored content and root filesystems, and repair them',
    options: [
      option('--repair', 'mend what can be mended: fetch content again, unpack root filesystems again'),
      option('--quick', 'read no content: only that everything is there, with its size'),
      option('--strict', 'what a plugin may have changed in its root filesystem is an error as well'),
      authFileOption(),
      formatOption('Path'),
    ],
    notes: `Without --repair nothing is changed. The root filesystem of an enabled plugin is compared, and not repaired: disable
the plugin first. Exit code 0 if there is no error, or all were repaired; 4 if errors are left; 1 if it could not be checked.`,
    examples: ['outboard fsck', 'outboard fsck --repair rclone', 'outboard fsck --quick --format json'],
    load: async () => (await import('./commands/fsck.ts')).fsck,
  },
  {
    name: 'version',
    description: 'show the versions of client and daemon',
    options: [formatOption('Server.Version')],
    load: async () => (await import('./commands/version.ts')).version,
  },
];
