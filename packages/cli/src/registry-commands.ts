/**
 * The rows of the commands that get plugins from registries, and return to the version before.
 */
import { authFileOption } from './commands/auth-file-flag.ts';
import {
  contentTrustOption,
  formatOption,
  option,
  type RunnableRow,
  repeatableOption,
} from './commands/command-row.ts';
import { platformOption } from './commands/platform-flag.ts';
import { registryOptions } from './commands/registry-flags.ts';
import { switchOptions } from './commands/switch-flags.ts';
import { addAllOptionFlags } from './options/option-flags.ts';

const grantAll = option('--grant-all-permissions', 'grant all requested privileges without asking');

/** In the order of the help. */
export const registryCommands: readonly RunnableRow[] = [
  {
    name: 'login',
    arguments: [['[SERVER]', 'HOST[:PORT], or HOST[:PORT]/NAMESPACE; default: Docker Hub']],
    description: 'log in to a registry, also for docker and Podman',
    options: [
      option('-u, --username <name>', 'user name'),
      option('-p, --password <password>', 'password; other users of this host can see it'),
      option('--password-stdin', 'read the password from standard input'),
      authFileOption(),
    ],
    notes: `The daemon tries the credentials. They are stored in ~/.docker/config.json, or by the credential helper that it
names; --authfile and REGISTRY_AUTH_FILE name another file.`,
    examples: [
      'outboard login registry.example.com',
      'outboard login -u me --password-stdin registry.example.com < password',
    ],
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    name: 'logout',
    arguments: [['[SERVER]', 'as for login; default: Docker Hub']],
    description: 'remove the credentials of a registry',
    options: [authFileOption()],
    examples: ['outboard logout registry.example.com'],
    load: async () => (await import('./commands/logout.ts')).logout,
  },
  {
    name: 'install',
    arguments: [
      [
        '<PLUGIN>',
        'reference in a registry, ./FILE of an archive, ./DIRECTORY of a layout, or - for standard input',
      ],
      ['[KEY=VALUE...]', 'settings'],
    ],
    description: 'install a plugin: ask for consent to its privileges, pull, set and enable it',
    addFlags: addAllOptionFlags,
    options: [
      option('--alias <name>', 'local name'),
      option('--disable', 'do not enable the plugin'),
      platformOption('platform to install; also permits a plugin for another architecture'),
      grantAll,
      authFileOption(),
      contentTrustOption(),
    ],
    examples: [
      'outboard install rclone/docker-volume-rclone RCLONE_VERBOSE=1',
      'outboard install ./sshfs.tar DEBUG=1',
      'outboard install oci-archive:plugins.tar:vieux/sshfs:latest',
      'outboard install --alias rclone --disable --grant-all-permissions rclone/docker-volume-rclone:latest',
    ],
    load: async () => (await import('./commands/install.ts')).install,
  },
  {
    name: 'save',
    arguments: [['<PLUGIN...>', 'names or IDs']],
    description: 'write installed plugins to an archive, for hosts without a registry',
    options: [
      option('-o, --output <file>', 'file to write; default: standard output'),
      option('--all-platforms', 'all platforms of a plugin, fetched from its registry'),
      option('--referrers', 'also signatures and what else refers to it, fetched from its registry'),
      authFileOption(),
    ],
    notes: `The archive is a tar of an OCI image layout, which skopeo reads as oci-archive:FILE. Plugins may be enabled meanwhile.`,
    examples: [
      'outboard save -o plugins.tar rclone sshfs',
      'outboard save --referrers -o signed.tar registry.example.com/acme/plugin:v1',
    ],
    load: async () => (await import('./commands/save.ts')).save,
  },
  {
    name: 'load',
    description:
      'install the plugins of an archive: ask for consent to their privileges; they are not enabled',
    options: [
      option('-i, --input <file>', 'archive or layout directory; default: standard input'),
      option('--alias <name>', 'local name, for an archive of one plugin'),
      option('--enable', 'enable the plugins'),
      grantAll,
      platformOption(),
    ],
    examples: [
      'outboard load -i plugins.tar',
      'ssh host outboard save sshfs | outboard load --grant-all-permissions',
    ],
    load: async () => (await import('./commands/load.ts')).load,
  },
  {
    name: 'copy',
    arguments: [
      ['<SOURCE>', 'reference in a registry, oci:DIRECTORY[:NAME], or oci-archive:FILE[:NAME]'],
      ['<DESTINATION>', 'the same'],
    ],
    description: 'copy a plugin or image with all its platforms, without a daemon; prints its digest',
    options: [
      platformOption('copy this platform of an index only'),
      option('--referrers', 'also signatures and what else refers to it, with the tags of cosign'),
      ...registryOptions(),
    ],
    examples: [
      'outboard copy vieux/sshfs:latest registry.example.com/sshfs:latest',
      'outboard copy vieux/sshfs:latest oci-archive:sshfs.tar',
    ],
    load: async () => (await import('./commands/copy.ts')).copy,
  },
  {
    name: 'upgrade',
    arguments: [
      ['<PLUGIN>', 'local name'],
      [
        '[REMOTE]',
        'reference in a registry, or a file as for install; default: the one it was installed from',
      ],
    ],
    description: 'upgrade a plugin; one that is enabled stays so, and its calls wait meanwhile',
    options: [
      grantAll,
      option('--skip-remote-check', 'do not ask when REMOTE differs from the installed reference'),
      platformOption('platform to install (default: the one that is installed)'),
      ...switchOptions,
      authFileOption(),
      contentTrustOption(),
    ],
    examples: ['outboard upgrade rclone rclone/docker-volume-rclone:next'],
    load: async () => (await import('./commands/upgrade.ts')).upgrade,
  },
  {
    name: 'rollback',
    arguments: [['<PLUGIN>']],
    description: 'return to the version before the last upgrade; twice goes forward again',
    options: switchOptions,
    examples: ['outboard rollback rclone'],
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'privileges',
    arguments: [['<PLUGIN>', 'reference in a registry']],
    description: 'show the privileges that a plugin requests, and their risks',
    options: [formatOption('Name'), platformOption(), authFileOption()],
    examples: ['outboard privileges rclone/docker-volume-rclone'],
    load: async () => (await import('./commands/privileges.ts')).privileges,
  },
  {
    name: 'verify',
    arguments: [['<PLUGIN>', 'reference in a registry']],
    description:
      'check the signatures of a plugin: by the policy of the daemon, or by the keys that are given',
    options: [
      repeatableOption('--key <file>', 'public key of cosign or OpenPGP; one of several if it is repeated'),
      option('--rekor-key <file>', 'key of a transparency log that must have the signature'),
      option('--certificate-identity <name>', 'email address or URI of the signer, in place of a key'),
      option('--certificate-oidc-issuer <url>', 'issuer that vouches for it'),
      option('--root <file>', 'trusted_root.json, or certificates of the authority in PEM'),
      option('--any-name', 'accept signatures for other names, and for none'),
      option('--policy <file>', 'another policy'),
      platformOption(),
      option('--format <format>', 'table or json', 'table'),
      authFileOption(),
    ],
    notes: 'Exits with 1 when the signatures do not suffice. Nothing is installed.',
    examples: [
      'outboard verify --key cosign.pub registry.example.com/acme/plugin:v1',
      'outboard verify registry.example.com/acme/plugin:v1',
    ],
    load: async () => (await import('./commands/verify.ts')).verify,
  },
];
