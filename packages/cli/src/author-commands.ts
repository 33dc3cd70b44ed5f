/**
 * The rows of the commands that make and distribute plugins.
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
import { addAllOptionFlags } from './options/option-flags.ts';

/** Flags about the project that is built. */
const projectOptions = [
  option('--base <base>', 'root filesystem to begin with: ./DIRECTORY, ./ARCHIVE, or an image in a registry'),
  option('--program <file>', 'file of the project that becomes the entrypoint'),
  option('--config <file>', 'config of the plugin; default config.json'),
  option('--node <file>', 'Node.js for an npm package; default the one that runs outboard'),
  ...registryOptions(),
];

/** In the order of the help. */
export const authorCommands: readonly RunnableRow[] = [
  {
    name: 'init',
    arguments: [['<NAME>', 'name of the plugin, such as hello or acme/volumes:1.0']],
    description: 'begin a plugin: a project that builds, tests and runs, in a new directory',
    options: [
      option('--kind <kind>', 'volume, authz, network, ipam, log, metrics or secret'),
      option('--language <language>', 'typescript, go, python or c'),
    ],
    notes: 'On a terminal it asks for what no flag says; elsewhere it begins a volume plugin in TypeScript.',
    examples: ['outboard init hello', 'outboard init --kind authz --language go acme/policy'],
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'build',
    arguments: [['[PROJECT]', 'directory of the project; default the working directory']],
    description: 'build a plugin of a program, a binary, a directory or an image',
    options: [
      option('-t, --tag <name>', 'create the plugin, or replace the one of that name, which stays enabled'),
      option('-o, --output <directory>', 'write config.json and rootfs/ there; it must hold no rootfs/ yet'),
      option('--push <reference>', 'push the plugin; several platforms become one index'),
      option('--platform <list>', 'such as linux/amd64,linux/arm64; default that of this host'),
      option('-f, --force', 'replace a plugin even if it is in use'),
      ...projectOptions,
    ],
    notes: `Without --tag, --output and --push the plugin is created under the "name" of the project, which says in outboard.json,
or under "outboard" in package.json, what its plugin is made of; see docs/authors.md.`,
    examples: [
      'outboard build --tag acme/volumes:1.0 ./volumes',
      'outboard build --push registry.example.com/acme/volumes:1.0 --platform linux/amd64,linux/arm64',
    ],
    load: async () => (await import('./commands/build.ts')).build,
  },
  {
    name: 'dev',
    arguments: [['[PROJECT]', 'directory of the project; default the working directory']],
    description: 'build a plugin and enable it, show its output, and replace it after each change',
    options: [
      option('-t, --tag <name>', 'name of the plugin; default that of the project'),
      option('--grant-all-permissions', 'grant all requested privileges without asking'),
      option('--keep', 'leave the plugin as it is at the end'),
      ...projectOptions,
    ],
    notes: `Ctrl-C ends it: a plugin that it created is removed, and one that it enabled is disabled. After a build that fails, the
one before runs on.`,
    examples: ['outboard dev ./volumes'],
    load: async () => (await import('./commands/dev.ts')).dev,
  },
  {
    name: 'check',
    arguments: [['[TARGET]', 'directory with config.json and rootfs/, installed plugin, or reference']],
    description: 'check that a plugin keeps to the rules: config, protocol, mounts, crashes',
    options: [
      option('--grant-all-permissions', 'grant the privileges that the plugin requests, to a copy of it'),
      option('--static', 'start nothing: check config.json and rootfs/ only'),
      repeatableOption('--set <setting>', 'NAME[.FIELD]=VALUE, as "outboard set" takes it; may be repeated'),
      repeatableOption('-o, --opt <option>', 'KEY=VALUE for volumes or logged containers; may be repeated'),
      repeatableOption(
        '--only <code>',
        'a check such as volume/create, or a group such as volume; may be repeated',
      ),
      repeatableOption('--skip <code>', 'leave out a check or a group; may be repeated'),
      option('--list', 'list the checks, and make none'),
      option('--format <format>', 'text or json', 'text'),
      option('--junit <file>', 'write a JUnit report as well'),
      option('--strict', 'warnings are failures'),
      option('-v, --verbose', 'show also the checks that passed'),
      option('--timeout <seconds>', 'limit for all checks', '600'),
      option('--runtime <runtime>', 'OCI runtime: runc, crun or a path', 'runc'),
      ...registryOptions(),
    ],
    notes: `As root, a copy of the plugin runs in an engine of its own, and nothing of it is left. Exit code 1 if a check fails
whose level is error. docs/conformance.md explains each check.`,
    examples: [
      'outboard check ./volumes',
      'outboard check --grant-all-permissions --junit check.xml ./volumes',
      'outboard check --only volume -o size=1m acme/volumes:1.0',
    ],
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'check-registry',
    arguments: [['<REPOSITORY>', 'such as registry.example.com/acme/check; may be new']],
    description: 'find out which forms of plugins a registry takes',
    options: [option('--format <format>', 'text or json', 'text'), ...registryOptions()],
    notes: `Tiny plugins are pushed under tags of their own, read again, and deleted. No daemon is needed. Exit code 1 if plugins
cannot be kept there.`,
    examples: ['outboard check-registry registry.example.com/acme/check'],
    load: async () => (await import('./commands/check-registry.ts')).checkRegistry,
  },
  {
    name: 'search',
    arguments: [['[TERM]', 'words in name, description, note or kind; default all']],
    description: 'search a list of plugins that are known to install',
    options: [
      repeatableOption('-f, --filter <filter>', 'kind=volume, authz, network, ipam, log, metrics or secret'),
      option('--catalog <list>', 'list of your own: a file or an https:// URL'),
      formatOption('Name'),
      option('--no-trunc', 'do not truncate descriptions'),
    ],
    notes: 'The list is part of this program; no registry is asked. See docs/conformance.md for its form.',
    examples: ['outboard search --filter kind=log', "outboard search rclone --format '{{json .}}'"],
    load: async () => (await import('./commands/search.ts')).search,
  },
  {
    name: 'create',
    arguments: [
      ['<PLUGIN>', 'name, such as acme/volumes:1.0'],
      ['[PLUGIN-DATA-DIR]', 'directory with config.json and rootfs/'],
    ],
    description: 'create a plugin from a root file system and a configuration, or from an image',
    addFlags: addAllOptionFlags,
    options: [
      option(
        '--from-image <image>',
        'make the plugin of an image: a reference, oci:DIR, oci-archive:FILE or docker-archive:FILE',
      ),
      platformOption('platform of the image, or that of the program in a directory, such as linux/arm64'),
      option('--format <format>', "format of its manifest, oci or docker (default: Docker's)"),
      option('--config <file>', 'config.json for an image; wins over its label io.outboard.plugin.config'),
      authFileOption(),
      option('--compress', 'compress the upload to the daemon (not supported by Docker Engine)'),
      option('--no-check', 'create the plugin even if it can never be enabled'),
    ],
    examples: [
      'outboard create acme/volumes:1.0 ./volumes',
      'outboard create --from-image registry.example.com/acme/volumes --config config.json acme/volumes:1.0',
    ],
    load: async () => (await import('./commands/create.ts')).create,
  },
  {
    name: 'export',
    arguments: [['<PLUGIN>']],
    description: 'write a plugin as it was installed: config.json and rootfs/, as create takes them',
    options: [
      option('-o, --output <path>', 'file for a tar, or a directory, which ends with "/" if it is new', '-'),
    ],
    notes: 'Docker Engine creates plugins of the directory: docker plugin create NAME DIRECTORY.',
    examples: [
      'outboard export -o volumes.tar acme/volumes:1.0',
      'outboard export -o volumes/ acme/volumes:1.0',
    ],
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'push',
    arguments: [['<PLUGIN>', 'local name, which includes the registry']],
    description: 'push a plugin to a registry, or its builds for several platforms under one tag',
    options: [
      repeatableOption(
        '--platform <build>',
        'push an index with this build: OS/ARCH=PLUGIN, OS/ARCH for PLUGIN itself, or another plugin; repeatable',
      ),
      option('--append', 'keep the builds for other platforms that the tag has in the registry'),
      option(
        '--format <format>',
        'docker, for every Docker Engine, or oci (default: the manifest as it was made or pulled)',
      ),
      authFileOption(),
      contentTrustOption(),
    ],
    examples: [
      'outboard push registry.example.com/acme/volumes:1.0',
      'outboard push --platform linux/amd64=acme/v:1-amd64 --platform linux/arm64=acme/v:1-arm64 registry.example.com/acme/v:1',
    ],
    load: async () => (await import('./commands/push.ts')).push,
  },
];
