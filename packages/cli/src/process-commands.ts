/**
 * The rows of the commands about the processes of plugins.
 */
import {
  formatOption,
  option,
  type RunnableRow,
  repeatableOption,
  tableOptions,
} from './commands/command-row.ts';
import { addAllOptionFlags } from './options/option-flags.ts';

/** In the order of the help. */
export const processCommands: readonly RunnableRow[] = [
  {
    name: 'logs',
    arguments: [['[PLUGIN]', 'default with --calls: all plugins']],
    description: 'show the output (stdout and stderr) of a plugin, or the calls of other programs to it',
    options: [
      option('-f, --follow', 'follow new output, across restarts of the plugin'),
      option(
        '--since <time>',
        'nothing older than 2026-01-31T10:00:00Z, Unix seconds, or an age such as 10m',
      ),
      option('--until <time>', 'nothing newer'),
      option('-n, --tail <lines>', 'number of lines from the end', 'all'),
      option('-t, --timestamps', 'prefix each line with its time'),
      option('--calls', 'who called what through the gateway, when, how long and with what result'),
      option('--format <format>', 'for calls: table, json, or a template such as {{.Method}}'),
    ],
    examples: [
      'outboard logs --tail 20 ssh',
      'outboard logs -f --since 10m ssh',
      'outboard logs --calls -f',
      'outboard logs --calls --tail 20 --format json ssh',
    ],
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'update',
    arguments: [['<PLUGIN...>']],
    description: 'change runtime options: limits, restarts, health, log, security, missing mounts',
    addFlags: addAllOptionFlags,
    notes: `Memory, CPU and process limits apply at once; the other options of a running plugin apply from its next start.
The value "default" resets an option.`,
    examples: [
      'outboard update --memory 64m --cpus 0.5 ssh',
      'outboard update --memory default --restart on-failure:3 ssh',
    ],
    load: async () => (await import('./commands/update.ts')).update,
  },
  {
    name: 'exec',
    arguments: [['<PLUGIN>'], ['<COMMAND...>', 'program and arguments']],
    description: 'run a command in a running plugin',
    options: [
      option('-i, --interactive', 'pass standard input to the command'),
      option('-t, --tty', 'allocate a terminal'),
      option('-u, --user <user>', 'NAME|UID[:GROUP|GID] in the plugin; default root'),
      option('-w, --workdir <directory>', 'working directory in the plugin'),
      repeatableOption('-e, --env <variable>', 'NAME=VALUE; may be repeated'),
    ],
    examples: ['outboard exec -it ssh sh', 'outboard exec ssh ls -l /mnt'],
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  {
    name: 'top',
    arguments: [['<PLUGIN>']],
    description: 'show the processes of a plugin',
    options: [option('--no-trunc', 'do not truncate command lines, nor drop columns, to fit the terminal')],
    examples: ['outboard top ssh'],
    load: async () => (await import('./commands/top.ts')).top,
  },
  {
    name: 'stats',
    arguments: [['[PLUGIN...]', 'default: all running plugins']],
    description: 'show a live table of resource usage',
    options: [
      option('--no-stream', 'print one table and exit'),
      formatOption('Name'),
      ...tableOptions('name,cpu,mem-usage-limit'),
    ],
    notes: `In a narrow terminal the columns BLOCK I/O, NET I/O, PIDS, MEM % and PLUGIN ID are dropped, in this order; then names
are truncated.`,
    examples: ['outboard stats', 'outboard stats --no-stream --format json ssh'],
    load: async () => (await import('./commands/stats.ts')).stats,
  },
];
