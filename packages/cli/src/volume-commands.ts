/**
 * The commands of `outboard volume`.
 */
import {
  formatOption,
  type GroupRow,
  option,
  repeatableOption,
  tableOptions,
} from './commands/command-row.ts';

const holder = option(
  '--holder <name>',
  'who holds the mount: 1 to 64 characters; default: the systemd unit, else the user of this process',
);
const driver = option(
  '-d, --driver <plugin>',
  'plugin that has the volume, if several have one of this name',
);

/** Volumes of all plugins: Docker's commands, and mounts by hand. */
export const volumeCommands: GroupRow = {
  name: 'volume',
  description: 'manage the volumes of plugins, and mount them without containers',
  commands: [
    {
      name: 'create',
      arguments: [['[VOLUME]', 'name; default: a random one']],
      description: 'create a volume',
      options: [
        option('-d, --driver <plugin>', 'volume plugin; default: the one that has the volume, else "local"'),
        repeatableOption('-o, --opt <option>', 'KEY=VALUE for the plugin; may be repeated'),
        repeatableOption('--label <label>', 'KEY=VALUE; may be repeated'),
      ],
      examples: ['outboard volume create -d rclone -o remote=nas:data data'],
      load: async () => (await import('./commands/volume/create.ts')).create,
    },
    {
      name: 'ls',
      alias: 'list',
      description: 'list volumes',
      options: [
        repeatableOption('-f, --filter <filter>', 'name=, driver=, label= or dangling=; may be repeated'),
        formatOption('Name'),
        ...tableOptions('name,mountpoint', 'do not truncate names to fit the terminal'),
        option('-q, --quiet', 'names only'),
      ],
      examples: ['outboard volume ls', 'outboard volume ls --filter dangling=true --quiet'],
      load: async () => (await import('./commands/volume/list.ts')).list,
    },
    {
      name: 'inspect',
      arguments: [['<VOLUME...>']],
      description: 'show all details of volumes',
      options: [option('-f, --format <format>', 'json, or a template such as {{.Mountpoint}}')],
      examples: ["outboard volume inspect -f '{{.Mountpoint}}' data"],
      load: async () => (await import('./commands/volume/inspect.ts')).inspect,
    },
    {
      name: 'mount',
      arguments: [['<VOLUME>']],
      description: 'mount a volume, and print its path on the host',
      options: [holder, driver],
      notes: `The mount lasts until "outboard volume unmount" with the same holder, also across restarts of the daemon; a reboot
ends it. To mount again with the same holder changes nothing, and prints the same path.`,
      examples: [
        'outboard volume mount --holder backup data',
        'tar -C "$(outboard volume mount --holder backup data)" -cf data.tar .',
      ],
      load: async () => (await import('./commands/volume/mount.ts')).mount,
    },
    {
      name: 'unmount',
      alias: 'umount',
      arguments: [['<VOLUME>']],
      description: 'undo the mount of a holder',
      options: [holder, driver],
      notes: 'The volume stays mounted while others hold it. Without a mount of this holder nothing happens.',
      examples: ['outboard volume unmount --holder backup data'],
      load: async () => (await import('./commands/volume/mount.ts')).unmount,
    },
    {
      name: 'rm',
      alias: 'remove',
      arguments: [['<VOLUME...>']],
      description: 'remove volumes with their data',
      options: [option('-f, --force', 'even if the volume or its plugin no longer exists')],
      examples: ['outboard volume rm data'],
      load: async () => (await import('./commands/volume/remove.ts')).remove,
    },
    {
      name: 'prune',
      description: 'remove unused volumes that were created without a name',
      options: [
        option('-a, --all', 'named volumes as well'),
        repeatableOption('--filter <filter>', 'label=KEY[=VALUE] or label!=KEY[=VALUE]; may be repeated'),
        option('-f, --force', 'do not ask'),
      ],
      examples: ['outboard volume prune --force --filter label=temporary'],
      load: async () => (await import('./commands/volume/prune.ts')).prune,
    },
  ],
};
