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
      'outboard logs --tail 20 rclone',
      'outboard logs -f --since 10m rclone',
      'outboard logs --calls -f',
      'outboard logs --calls --tail 20 --format json rclone',
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
      'outboard update --memory 64m --cpus 0.5 rclone',
      'outboard update --memory default --restart on-failure:3 rclone',
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
      option('--tools', "add the programs of the host's static busybox, for this command only"),
    ],
    examples: [
      'outboard exec -it rclone sh',
      'outboard exec rclone ls -l /mnt',
      'outboard exec -it --tools rclone sh',
    ],
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  {
    name: 'debug',
    arguments: [['<PLUGIN>'], ['[COMMAND...]', 'program of the host and arguments; default: a shell']],
    description: 'run a program of the host in the namespaces of a running plugin',
    options: [
      option('-i, --interactive', 'pass standard input to the command'),
      option('-t, --tty', 'allocate a terminal'),
      option('-w, --workdir <directory>', 'working directory', '/'),
      repeatableOption('-e, --env <variable>', 'NAME=VALUE; may be repeated'),
      option('--image <image>', 'none: the programs are those of the host', 'none'),
    ],
    notes: `The command has the plugin's pid, network, ipc and uts namespaces, its capabilities, its seccomp and AppArmor
confinement and its limits. It sees the programs of the host read-only, and the root of the plugin at /plugin. It ends with
its client, and leaves nothing in the plugin.`,
    examples: [
      'outboard debug -it rclone',
      'outboard debug rclone ls -l /plugin',
      'outboard debug rclone ss -tlnp',
    ],
    load: async () => (await import('./commands/debug.ts')).debug,
  },
  {
    name: 'top',
    arguments: [['<PLUGIN>']],
    description: 'show the processes of a plugin',
    options: [option('--no-trunc', 'do not truncate command lines, nor drop columns, to fit the terminal')],
    examples: ['outboard top rclone'],
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
    examples: ['outboard stats', 'outboard stats --no-stream --format json rclone'],
    load: async () => (await import('./commands/stats.ts')).stats,
  },
];
