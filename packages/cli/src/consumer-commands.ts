/**
 * The commands that let other programs use the plugins.
 */
import { formatOption, option, type RunnableRow, repeatableOption } from './commands/command-row.ts';

const target = [
  option('--prefix <directory>', 'root directory of another system, such as an image'),
  option('--config-dir <directory>', "directory of the files in place of the consumer's own"),
];
const user = option('--user <user>', 'name or number of a user; connect rootless Podman of this user');
const dryRun = option('--dry-run', 'print what would be done, and do nothing');

/** In the order of the help. */
export const consumerCommands: readonly RunnableRow[] = [
  {
    name: 'connect',
    arguments: [['[CONSUMER]', 'podman, docker or nomad; default: list the connections']],
    description: 'let another program use the plugins: write its configuration, and keep it right',
    options: [
      ...target,
      user,
      repeatableOption('--share <plugin>', 'plugin that the user may use; may be repeated'),
      option('--for-version <version>', 'version of the consumer; default: ask the program'),
      option('--timeout <seconds>', "limit for each of the consumer's calls to a plugin; 0 for none"),
      dryRun,
      formatOption('Consumer'),
    ],
    notes: `The files follow the plugins: installed, renamed and removed ones, also at the next start of the daemon. Files that were
changed by hand, or that are not from Outboard, stay as they are. To connect again changes only what differs.`,
    examples: [
      'outboard connect podman',
      'outboard connect podman --user alice --share files',
      'outboard connect',
    ],
    load: async () => (await import('./commands/connect.ts')).connect,
  },
  {
    name: 'disconnect',
    arguments: [['<CONSUMER>', 'podman, docker or nomad']],
    description: 'remove all that connect wrote',
    options: [...target, user, dryRun],
    examples: ['outboard disconnect podman', 'outboard disconnect podman --user alice'],
    load: async () => (await import('./commands/connect.ts')).disconnect,
  },
  {
    name: 'nomad-volume',
    arguments: [['<OPERATION>', 'fingerprint, create or delete']],
    description: 'serve as a host volume plugin of Nomad, which runs it',
    options: [option('--driver <plugin>', 'volume plugin')],
    notes: 'The volume is in the environment, as Nomad sets it; "outboard connect nomad" sets the plugin up.',
    load: async () => (await import('./commands/nomad-volume.ts')).nomadVolume,
  },
];
