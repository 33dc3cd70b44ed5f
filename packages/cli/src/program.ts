/**
 * The commands with their flags and help, as data for commander. What a command does is loaded when it runs.
 */
import { Command, Option } from 'commander';
import { defaultAddress } from './client/engine-address.ts';
import type { RunCommand } from './commands/command-context.ts';
import type { CreateOptions } from './commands/create.ts';
import type { EnableOptions } from './commands/enable.ts';
import type { InstallOptions } from './commands/install.ts';
import type { ListOptions } from './commands/list.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { UpgradeOptions } from './commands/upgrade.ts';
import { addContainerCommands } from './container-commands.ts';
import { addHostCommands } from './host-commands.ts';
import { addCreateMountsFlags, addOptionFlags } from './options/option-flags.ts';

/** The whole command line. @param run called with the command that was asked for */
export function createProgram(run: RunCommand): Command {
  const program = new Command('outboard')
    .description("Docker's managed plugin system, for every host")
    .usage('[OPTIONS] COMMAND')
    .option('-H, --host <address>', 'daemon to speak with: unix:///PATH or tcp://HOST:PORT')
    .option('-c, --context <name>', 'context of docker whose daemon to speak with')
    .option('--tlsverify', 'use TLS, and verify the daemon')
    .option('--tlscacert <file>', 'authorities that may vouch for the daemon (default: ~/.docker/ca.pem)')
    .option('--tlscert <file>', 'certificate to show (default: ~/.docker/cert.pem)')
    .option('--tlskey <file>', 'key of that certificate (default: ~/.docker/key.pem)')
    .option('--tls', 'use TLS without verifying the daemon')
    .helpCommand(false);
  addAuthorCommands(program, run);
  addOperatorCommands(program, run);
  addRunningCommands(program, run);
  addLookCommands(program, run);
  addLogCommand(program, run);
  addContainerCommands(program, run);
  addHostCommands(program, run);
  program
    .command('daemon')
    .description('run the daemon that holds the plugins (flags: outboard daemon --help)')
    .allowUnknownOption()
    .allowExcessArguments()
    // bin/outboard starts it when it is the first word.
    .action(() => program.error('error: "daemon" must be the first argument: outboard daemon [OPTIONS]'));
  program.addHelpText(
    'after',
    `
Without --host and --context, OUTBOARD_HOST, DOCKER_HOST and DOCKER_CONTEXT, in this order, tell the daemon; the
default is ${defaultAddress}.
DOCKER_TLS_VERIFY is --tlsverify, and DOCKER_CERT_PATH the folder of the files of TLS.
Run 'outboard COMMAND --help' for more about a command.`,
  );
  return program;
}

function addAuthorCommands(program: Command, run: RunCommand): void {
  addCreateMountsFlags(addOptionFlags(program.command('create')))
    .argument('<PLUGIN>', 'name, such as acme/volumes:1.0')
    .argument('<PLUGIN-DATA-DIR>', 'folder with config.json and rootfs/')
    .description('create a plugin from a root file system and a configuration')
    .option('--compress', 'compress the data on its way to the daemon (Docker Engine takes none)')
    .option('--no-check', 'create it even if it can never be enabled')
    .addHelpText('after', examples('outboard create acme/volumes:1.0 ./volumes'))
    .action((name: string, directory: string, options: CreateOptions) =>
      run(async (context) =>
        (await import('./commands/create.ts')).create(context, name, directory, options),
      ),
    );
  program
    .command('push')
    .argument('<PLUGIN>', 'local name; it tells the registry')
    .description('push a plugin to a registry')
    .addOption(contentTrust())
    .addHelpText('after', examples('outboard push registry.example.com/acme/volumes:1.0'))
    .action((name: string) =>
      run(async (context) => (await import('./commands/push.ts')).push(context, name)),
    );
}

function addOperatorCommands(program: Command, run: RunCommand): void {
  addCreateMountsFlags(addOptionFlags(program.command('install')))
    .argument('<PLUGIN>', 'reference at a registry')
    .argument('[KEY=VALUE...]', 'settings')
    .description('install a plugin: ask for consent to its privileges, pull, set and enable it')
    .option('--alias <name>', 'local name')
    .option('--disable', 'do not enable it')
    .option('--grant-all-permissions', 'grant all that it asks for, without asking')
    .addOption(contentTrust())
    .addHelpText(
      'after',
      examples(
        'outboard install vieux/sshfs DEBUG=1',
        'outboard install --alias ssh --disable --grant-all-permissions vieux/sshfs:latest',
      ),
    )
    .action((remote: string, settings: string[], options: InstallOptions) =>
      run(async (context) =>
        (await import('./commands/install.ts')).install(context, remote, settings, options),
      ),
    );
  program
    .command('upgrade')
    .argument('<PLUGIN>', 'local name')
    .argument('[REMOTE]', 'reference at a registry; default where it came from')
    .description('upgrade a disabled plugin')
    .option('--grant-all-permissions', 'grant all that it asks for, without asking')
    .option('--skip-remote-check', 'do not ask when REMOTE is not where it came from')
    .addOption(contentTrust())
    .addHelpText('after', examples('outboard upgrade ssh vieux/sshfs:2.0'))
    .action((name: string, remote: string | undefined, options: UpgradeOptions) =>
      run(async (context) => (await import('./commands/upgrade.ts')).upgrade(context, name, remote, options)),
    );
  program
    .command('privileges')
    .argument('<PLUGIN>', 'reference at a registry')
    .description('show what a plugin would ask for, and what that means')
    .addOption(format('Name'))
    .addHelpText('after', examples('outboard privileges vieux/sshfs'))
    .action((remote: string, options: { format: string }) =>
      run(async (context) => (await import('./commands/privileges.ts')).privileges(context, remote, options)),
    );
}

function addRunningCommands(program: Command, run: RunCommand): void {
  addOptionFlags(program.command('enable'))
    .argument('<PLUGIN>')
    .description('start a plugin, now and whenever the host starts')
    .option('--timeout <seconds>', 'limit for each call to the plugin, 0 for none', '30')
    .option(
      '--create-mounts',
      'for this start, make directories of the host that it mounts and that are missing',
    )
    .addHelpText('after', examples('outboard enable ssh'))
    .action((name: string, options: EnableOptions) =>
      run(async (context) => (await import('./commands/enable.ts')).enable(context, name, options)),
    );
  program
    .command('disable')
    .argument('<PLUGIN>')
    .description('stop a plugin')
    .option('-f, --force', 'even if it is in use')
    .addHelpText('after', examples('outboard disable --force ssh'))
    .action((name: string, options: { force?: boolean }) =>
      run(async (context) => (await import('./commands/disable.ts')).disable(context, name, options)),
    );
  program
    .command('restart')
    .argument('<PLUGIN...>')
    .description('stop enabled plugins and start them anew, also those that have failed')
    .option('-f, --force', 'even if they run and are in use')
    .addHelpText('after', examples('outboard restart ssh'))
    .action((names: string[], options: { force?: boolean }) =>
      run(async (context) => (await import('./commands/restart.ts')).restart(context, names, options)),
    );
  program
    .command('repair')
    .argument('<PLUGIN>')
    .description('give a plugin a record again whose own is damaged')
    .option('--name <name>', 'local name, when it is not known any more')
    .addHelpText('after', examples('outboard repair --name ssh 0123456789ab'))
    .action((name: string, options: { name?: string }) =>
      run(async (context) => (await import('./commands/repair.ts')).repair(context, name, options)),
    );
  program
    .command('set')
    .argument('<PLUGIN>')
    .argument('<KEY=VALUE...>', 'NAME[.FIELD]=VALUE')
    .description('change settings of a disabled plugin')
    .addHelpText('after', examples('outboard set ssh DEBUG=1 sshkey.source=/root/.ssh'))
    .action((name: string, settings: string[]) =>
      run(async (context) => (await import('./commands/set.ts')).set(context, name, settings)),
    );
  program
    .command('rm')
    .alias('remove')
    .argument('<PLUGIN...>')
    .description('remove plugins')
    .option('-f, --force', 'even if it is enabled or in use')
    .addHelpText('after', examples('outboard rm ssh', 'outboard rm --force $(outboard ls --quiet)'))
    .action((names: string[], options: { force?: boolean }) =>
      run(async (context) => (await import('./commands/remove.ts')).remove(context, names, options)),
    );
}

function addLookCommands(program: Command, run: RunCommand): void {
  program
    .command('ls')
    .alias('list')
    .description('list plugins')
    .option('-f, --filter <filter>', 'enabled=true|false or capability=NAME; may be repeated', collect)
    .addOption(format('Name'))
    .option('--no-trunc', 'whole IDs and descriptions')
    .option('-q, --quiet', 'IDs only')
    .addHelpText('after', examples('outboard ls', 'outboard ls --filter enabled=true --format json'))
    .action((options: ListOptions) =>
      run(async (context) => (await import('./commands/list.ts')).list(context, options)),
    );
  program
    .command('inspect')
    .argument('<PLUGIN...>')
    .description('show everything about plugins')
    .option('-f, --format <format>', 'json, or a template such as {{.Enabled}}')
    .addHelpText(
      'after',
      examples('outboard inspect ssh', "outboard inspect -f '{{json .Settings.Env}}' ssh"),
    )
    .action((names: string[], options: { format?: string }) =>
      run(async (context) => (await import('./commands/inspect.ts')).inspect(context, names, options)),
    );
  program
    .command('gc')
    .description('remove content that no plugin needs')
    .addOption(format('BytesReclaimed'))
    .action((options: { format: string }) =>
      run(async (context) => (await import('./commands/collect-garbage.ts')).removeGarbage(context, options)),
    );
  program
    .command('version')
    .description('show the versions of client and daemon')
    .addOption(format('Server.Version'))
    .action((options: { format: string }) =>
      run(async (context) => (await import('./commands/version.ts')).version(context, options)),
    );
}

function addLogCommand(program: Command, run: RunCommand): void {
  program
    .command('logs')
    .argument('<PLUGIN>')
    .description('show what a plugin wrote to stdout and stderr')
    .option('-f, --follow', 'go on with what it writes, across its restarts')
    .option(
      '--since <time>',
      'nothing older: 2026-01-31T10:00:00Z, Unix seconds, or how long ago, such as 10m',
    )
    .option('--until <time>', 'nothing newer')
    .option('-n, --tail <lines>', 'how many lines of its end', 'all')
    .option('-t, --timestamps', 'begin each line with its time')
    .addHelpText('after', examples('outboard logs --tail 20 ssh', 'outboard logs -f --since 10m ssh'))
    .action((name: string, options: LogsOptions) =>
      run(async (context) => (await import('./commands/logs.ts')).logs(context, name, options)),
    );
}

function format(field: string): Option {
  return new Option('--format <format>', `table, json, or a template such as {{.${field}}}`).default('table');
}

/** Scripts written for Docker pass it; there is nothing behind it any more. */
function contentTrust(): Option {
  return new Option('--disable-content-trust [boolean]').hideHelp();
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
