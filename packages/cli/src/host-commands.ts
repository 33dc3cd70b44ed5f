/**
 * The rows of the commands about the host and its services.
 */
import { formatOption, type GroupRow, option, type RunnableRow } from './commands/command-row.ts';

const prefix = option(
  '--prefix <directory>',
  'root directory of another system, whose services are not touched',
);

/** In the order of the help. */
export const hostCommands: readonly (RunnableRow | GroupRow)[] = [
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
    examples: ['outboard wait rclone && podman start web'],
    load: async () => (await import('./commands/wait.ts')).wait,
  },
  {
    name: 'adopt',
    arguments: [
      ['<DIRECTORY>', 'data root of a Docker Engine, such as /var/lib/docker'],
      ['[PLUGIN...]', 'default: all'],
    ],
    description: 'take over the plugins of a Docker Engine that is stopped',
    options: [
      option('--dry-run', 'print what would be adopted, and do nothing'),
      option('-f, --force', 'while the engine runs, adopt the plugins that are disabled in it'),
      formatOption('Name'),
    ],
    notes: `Copies root filesystems, data of propagated mounts, blobs and settings; plugins that are enabled in Docker are started.
Docker's directory is only read. Plugins that were adopted before are left alone. Exit code 1 if one is refused.`,
    examples: ['outboard adopt --dry-run /var/lib/docker', 'outboard adopt /var/lib/docker vieux/sshfs'],
    load: async () => (await import('./commands/adopt.ts')).adopt,
  },
  {
    name: 'service',
    description: 'run the daemon as a systemd service',
    commands: [
      {
        name: 'install',
        description: 'write the unit files outboard.service and outboard.socket',
        options: [
          option('--now', 'enable and start the service as well; restart it if it runs'),
          option('--from-checkout', 'let the service start the program of a checkout'),
          prefix,
        ],
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
  {
    name: 'completion',
    arguments: [['<SHELL>', 'bash, zsh or fish']],
    description: 'print a script that makes a shell complete commands, flags, plugins and settings',
    notes:
      'Packages install these scripts; elsewhere load them at the start of the shell, as in the examples.',
    examples: [
      'source <(outboard completion bash)     # in ~/.bashrc',
      'source <(outboard completion zsh)      # in ~/.zshrc, after compinit',
      'outboard completion fish | source      # in ~/.config/fish/config.fish',
    ],
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: 'dial-stdio',
    hidden: true,
    description: 'connect standard input and output with the daemon, for addresses such as ssh://HOST',
    load: async () => (await import('./commands/dial-stdio.ts')).dialStdio,
  },
  {
    name: '__complete',
    hidden: true,
    arguments: [['[WORD...]', 'after --, the words of a command line up to the cursor']],
    description: 'print what can follow a command line, for the scripts of shells',
    load: async () => (await import('./commands/complete.ts')).complete,
  },
];
