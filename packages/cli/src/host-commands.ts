/**
 * The commands about the host and its services, as data for commander.
 */
import { type Command, Option } from 'commander';
import type { RunCommand } from './commands/command-context.ts';
import type { ServiceOptions } from './commands/service.ts';

/** Add `doctor`, `wait` and `service`. */
export function addHostCommands(program: Command, run: RunCommand): void {
  program
    .command('doctor')
    .description('check whether this host can run plugins, and say what to do')
    .addOption(
      new Option('--format <format>', 'table, json, or a template such as {{.Name}}').default('table'),
    )
    .addHelpText('after', '\nIt works without a daemon too. Exit code 1 when a check fails.')
    .action((options: { format: string }) =>
      run(async (context) => (await import('./commands/doctor.ts')).doctor(context, options)),
    );
  program
    .command('wait')
    .argument('<PLUGIN...>')
    .description('return once plugins are enabled and ready')
    .option('--timeout <seconds>', 'give up after that, with exit code 124; 0 for never', '60')
    .addHelpText('after', '\nExamples:\n  outboard wait ssh && podman start web')
    .action((names: string[], options: { timeout: string }) =>
      run(async (context) => (await import('./commands/wait.ts')).wait(context, names, options)),
    );
  const service = program
    .command('service')
    .description('run the daemon as a service of systemd')
    .helpCommand(false);
  service
    .command('install')
    .description('write the unit files outboard.service and outboard.socket')
    .option('--now', 'enable and start it as well')
    .option('--prefix <directory>', 'root of another system, whose services are not touched')
    .addHelpText('after', '\nExamples:\n  outboard service install --now')
    .action((options: ServiceOptions) =>
      run(async (context) => (await import('./commands/service.ts')).installService(context, options)),
    );
  service
    .command('uninstall')
    .description('stop the daemon and remove its unit files; plugins and their data stay')
    .option('--prefix <directory>', 'root of another system, whose services are not touched')
    .action((options: ServiceOptions) =>
      run(async (context) => (await import('./commands/service.ts')).uninstallService(context, options)),
    );
}
