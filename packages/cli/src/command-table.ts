/**
 * The table of commands. A new command is a module in `commands/`, its row here, and a row in docs/command-line.md.
 */
import {
  contentTrustOption,
  formatOption,
  type GroupRow,
  option,
  type RunnableRow,
  repeatableOption,
} from './commands/command-row.ts';
import { consumerCommands } from './consumer-commands.ts';
import { addAllOptionFlags, addOptionFlags } from './options/option-flags.ts';
import { registryCommands } from './registry-commands.ts';
import { volumeCommands } from './volume-commands.ts';

const prefix = option(
  '--prefix <directory>',
  'root directory of another system, whose services are not touched',
);

/** All commands but `daemon`, in the order of the help. */
export const commandTable: readonly (RunnableRow | GroupRow)[] = [
  // Commands that make and distribute plugins.
  {
    name: 'create',
    arguments: [
      ['<PLUGIN>', 'name, such as acme/volumes:1.0'],
      ['<PLUGIN-DATA-DIR>', 'directory with config.json and rootfs/'],
    ],
    description: 'create a plugin from a root file system and a configuration',
    addFlags: addAllOptionFlags,
    options: [
      option('--compress', 'compress the upload to the daemon (not supported by Docker Engine)'),
      option('--no-check', 'create the plugin even if it can never be enabled'),
    ],
    examples: ['outboard create acme/volumes:1.0 ./volumes'],
    load: async () => (await import('./commands/create.ts')).create,
  },
  {
    name: 'push',
    arguments: [['<PLUGIN>', 'local name, which includes the registry']],
    description: 'push a plugin to a registry',
    options: [contentTrustOption()],
    examples: ['outboard push registry.example.com/acme/volumes:1.0'],
    load: async () => (await import('./commands/push.ts')).push,
  },

  ...registryCommands,

  // Commands that change the state of installed plugins.
  {
    name: 'enable',
    arguments: [['<PLUGIN>']],
    description: 'start a plugin, now and at each start of the host',
    addFlags: addOptionFlags,
    options: [
      option('--timeout <seconds>', 'limit for each call to the plugin, 0 for none', '30'),
      option('--create-mounts', 'for this start only, create missing host directories that it mounts'),
    ],
    examples: ['outboard enable ssh'],
    load: async () => (await import('./commands/enable.ts')).enable,
  },
  {
    name: 'disable',
    arguments: [['<PLUGIN>']],
    description: 'stop a plugin',
    options: [option('-f, --force', 'even if it is in use')],
    examples: ['outboard disable --force ssh'],
    load: async () => (await import('./commands/disable.ts')).disable,
  },
  {
    name: 'restart',
    arguments: [['<PLUGIN...>']],
    description: 'stop and start enabled plugins, including failed ones',
    options: [option('-f, --force', 'even if they are running and in use')],
    examples: ['outboard restart ssh'],
    load: async () => (await import('./commands/restart.ts')).restart,
  },
  {
    name: 'repair',
    arguments: [['<PLUGIN>']],
    description: 'rebuild the damaged record of a plugin',
    options: [option('--name <name>', 'local name, if the record no longer holds it')],
    examples: ['outboard repair --name ssh 0123456789ab'],
    load: async () => (await import('./commands/repair.ts')).repair,
  },
  {
    name: 'set',
    arguments: [['<PLUGIN>'], ['<KEY=VALUE...>', 'NAME[.FIELD]=VALUE']],
    description: 'change settings of a disabled plugin',
    examples: ['outboard set ssh DEBUG=1 sshkey.source=/root/.ssh'],
    load: async () => (await import('./commands/set.ts')).set,
  },
  {
    name: 'rm',
    alias: 'remove',
    arguments: [['<PLUGIN...>']],
    description: 'remove plugins',
    options: [option('-f, --force', 'even if they are enabled or in use')],
    examples: ['outboard rm ssh', 'outboard rm --force $(outboard ls --quiet)'],
    load: async () => (await import('./commands/remove.ts')).remove,
  },

  // Commands that show plugins and the daemon.
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

  // Commands about the processes of plugins.
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
    examples: ['outboard top ssh'],
    load: async () => (await import('./commands/top.ts')).top,
  },
  {
    name: 'stats',
    arguments: [['[PLUGIN...]', 'default: all running plugins']],
    description: 'show a live table of resource usage',
    options: [option('--no-stream', 'print one table and exit'), formatOption('Name')],
    examples: ['outboard stats', 'outboard stats --no-stream --format json ssh'],
    load: async () => (await import('./commands/stats.ts')).stats,
  },

  volumeCommands,

  // Commands about other programs that use the plugins.
  ...consumerCommands,
  {
    name: 'nomad-volume',
    arguments: [['<OPERATION>', 'fingerprint, create or delete']],
    description: 'serve as a host volume plugin of Nomad, which runs it',
    options: [option('--driver <plugin>', 'volume plugin')],
    notes: 'The volume is in the environment, as Nomad sets it; "outboard connect nomad" sets the plugin up.',
    load: async () => (await import('./commands/nomad-volume.ts')).nomadVolume,
  },

  // Commands about the host and its services.
  {
    name: 'doctor',
    description: 'check whether this host can run plugins, and suggest remedies',
    options: [formatOption('Name')],
    notes: 'Works without a daemon as well. Exit code 1 if a check fails.',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'wait',
    arguments: [['<PLUGIN...>']],
    description: 'wait until plugins are enabled and ready',
    options: [
      option('--timeout <seconds>', 'give up after this time, with exit code 124; 0 for no limit', '60'),
    ],
    examples: ['outboard wait ssh && podman start web'],
    load: async () => (await import('./commands/wait.ts')).wait,
  },
  {
    name: 'service',
    description: 'run the daemon as a systemd service',
    commands: [
      {
        name: 'install',
        description: 'write the unit files outboard.service and outboard.socket',
        options: [option('--now', 'enable and start the service as well'), prefix],
        examples: ['outboard service install --now'],
        load: async () => (await import('./commands/service.ts')).installService,
      },
      {
        name: 'uninstall',
        description: 'stop the daemon and remove its unit files; plugins and their data stay',
        options: [prefix],
        load: async () => (await import('./commands/service.ts')).uninstallService,
      },
    ],
  },
];
