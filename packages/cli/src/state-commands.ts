/**
 * The rows of the commands that change the state of installed plugins.
 */
import { option, type RunnableRow, repeatableOption } from './commands/command-row.ts';
import { addOptionFlags } from './options/option-flags.ts';

/** In the order of the help. */
export const stateCommands: readonly RunnableRow[] = [
  {
    name: 'enable',
    arguments: [['<PLUGIN>']],
    description: 'start a plugin, now and at each start of the host',
    addFlags: addOptionFlags,
    options: [
      option('--timeout <seconds>', 'limit for each call to the plugin, 0 for none', '30'),
      option('--create-mounts', 'for this start only, create missing host directories that it mounts'),
    ],
    examples: ['outboard enable rclone'],
    load: async () => (await import('./commands/enable.ts')).enable,
  },
  {
    name: 'disable',
    arguments: [['<PLUGIN>']],
    description: 'stop a plugin',
    options: [option('-f, --force', 'even if it is in use')],
    examples: ['outboard disable --force rclone'],
    load: async () => (await import('./commands/disable.ts')).disable,
  },
  {
    name: 'restart',
    arguments: [['<PLUGIN...>']],
    description: 'stop and start enabled plugins, including failed ones',
    options: [option('-f, --force', 'even if they are running and in use')],
    examples: ['outboard restart rclone'],
    load: async () => (await import('./commands/restart.ts')).restart,
  },
  {
    name: 'repair',
    arguments: [['<PLUGIN>']],
    description: 'rebuild the damaged record of a plugin',
    options: [option('--name <name>', 'local name, if the record no longer holds it')],
    examples: ['outboard repair --name rclone 0123456789ab'],
    load: async () => (await import('./commands/repair.ts')).repair,
  },
  {
    name: 'set',
    arguments: [['<PLUGIN>'], ['[KEY=VALUE...]', 'NAME[.FIELD]=VALUE']],
    description: 'change settings of a disabled plugin',
    options: [
      repeatableOption('--secret <setting>', 'show the value of this setting as ***; may be repeated'),
      repeatableOption('--not-secret <setting>', 'show it, whatever its name or its author say'),
    ],
    notes: `A value @file:PATH, @credential:NAME, @env:NAME or @command:PROGRAM [ARG...] is a source: the daemon reads the value from
the file, the credential of systemd, its own environment or the output of the program, at each start of the plugin.
@@ at the beginning of a value stands for @.`,
    examples: [
      'outboard set rclone RCLONE_VERBOSE=1 config.source=/etc/rclone',
      'outboard set s3fs ACCESS_ID=me SECRET=@file:/run/secrets/s3',
      'outboard set --secret DSN database DSN=@credential:dsn',
    ],
    load: async () => (await import('./commands/set.ts')).set,
  },
  {
    name: 'rm',
    alias: 'remove',
    arguments: [['<PLUGIN...>']],
    description: 'remove plugins',
    options: [option('-f, --force', 'even if they are enabled or in use')],
    examples: ['outboard rm rclone', 'outboard rm --force $(outboard ls --quiet)'],
    load: async () => (await import('./commands/remove.ts')).remove,
  },
];
