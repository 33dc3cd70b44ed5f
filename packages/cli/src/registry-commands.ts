/**
 * The rows of the commands that get plugins from registries, and return to the version before.
 */
import { contentTrustOption, formatOption, option, type RunnableRow } from './commands/command-row.ts';
import { switchOptions } from './commands/switch-flags.ts';
import { addAllOptionFlags } from './options/option-flags.ts';

const grantAll = option('--grant-all-permissions', 'grant all requested privileges without asking');

/** In the order of the help. */
export const registryCommands: readonly RunnableRow[] = [
  {
    name: 'install',
    arguments: [
      ['<PLUGIN>', 'reference in a registry'],
      ['[KEY=VALUE...]', 'settings'],
    ],
    description: 'install a plugin: ask for consent to its privileges, pull, set and enable it',
    addFlags: addAllOptionFlags,
    options: [
      option('--alias <name>', 'local name'),
      option('--disable', 'do not enable the plugin'),
      grantAll,
      contentTrustOption(),
    ],
    examples: [
      'outboard install vieux/sshfs DEBUG=1',
      'outboard install --alias ssh --disable --grant-all-permissions vieux/sshfs:latest',
    ],
    load: async () => (await import('./commands/install.ts')).install,
  },
  {
    name: 'upgrade',
    arguments: [
      ['<PLUGIN>', 'local name'],
      ['[REMOTE]', 'reference in a registry; default: the one it was installed from'],
    ],
    description: 'upgrade a plugin; one that is enabled stays so, and its calls wait meanwhile',
    options: [
      grantAll,
      option('--skip-remote-check', 'do not ask when REMOTE differs from the installed reference'),
      ...switchOptions,
      contentTrustOption(),
    ],
    examples: ['outboard upgrade ssh vieux/sshfs:2.0'],
    load: async () => (await import('./commands/upgrade.ts')).upgrade,
  },
  {
    name: 'rollback',
    arguments: [['<PLUGIN>']],
    description: 'return to the version before the last upgrade; twice goes forward again',
    options: switchOptions,
    examples: ['outboard rollback ssh'],
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'privileges',
    arguments: [['<PLUGIN>', 'reference in a registry']],
    description: 'show the privileges that a plugin requests, and their risks',
    options: [formatOption('Name')],
    examples: ['outboard privileges vieux/sshfs'],
    load: async () => (await import('./commands/privileges.ts')).privileges,
  },
];
