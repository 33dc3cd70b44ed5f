/**
 * The commands about how plugins run, as data for commander.
 */
import type { Command } from 'commander';
import type { RunCommand } from './commands/command-context.ts';
import type { ExecOptions } from './commands/exec.ts';
import type { StatsOptions } from './commands/stats.ts';
import { addCreateMountsFlags, addOptionFlags, type OptionFlags } from './options/option-flags.ts';

/** Add `update`, `exec`, `top` and `stats`. */
export function addContainerCommands(program: Command, run: RunCommand): void {
  addCreateMountsFlags(addOptionFlags(program.command('update')))
    .argument('<PLUGIN...>')
    .description('change how plugins run: limits, restarts, health, log, security, missing mounts')
    .addHelpText(
      'after',
      `
Limits of memory, processors and processes apply at once, other options of a plugin that runs when it is started the
next time. The value "default" takes an option back.

Examples:
  outboard update --memory 64m --cpus 0.5 ssh
  outboard update --memory default --restart on-failure:3 ssh`,
    )
    .action((names: string[], flags: OptionFlags) =>
      run(async (context) => (await import('./commands/update.ts')).update(context, names, flags)),
    );
  program
    .command('exec')
    .argument('<PLUGIN>')
    .argument('<COMMAND...>', 'program and arguments')
    .description('run a command in a plugin that runs')
    .option('-i, --interactive', 'pass standard input on')
    .option('-t, --tty', 'give it a terminal')
    .option('-u, --user <user>', 'NAME|UID[:GROUP|GID] of the plugin; default root')
    .option('-w, --workdir <directory>', 'folder in the plugin')
    .option('-e, --env <variable>', 'NAME=VALUE; may be repeated', collect)
    .addHelpText('after', '\nExamples:\n  outboard exec -it ssh sh\n  outboard exec ssh ls -l /mnt')
    .action((name: string, command: string[], options: ExecOptions) =>
      run(async (context) => (await import('./commands/exec.ts')).exec(context, name, command, options)),
    );
  program
    .command('top')
    .argument('<PLUGIN>')
    .description('show the processes of a plugin')
    .addHelpText('after', '\nExamples:\n  outboard top ssh')
    .action((name: string) => run(async (context) => (await import('./commands/top.ts')).top(context, name)));
  program
    .command('stats')
    .argument('[PLUGIN...]', 'default all that run')
    .description('show what plugins use, again and again')
    .option('--no-stream', 'show it once')
    .option('--format <format>', 'table, json, or a template such as {{.Name}}', 'table')
    .addHelpText('after', '\nExamples:\n  outboard stats\n  outboard stats --no-stream --format json ssh')
    .action((names: string[], options: StatsOptions) =>
      run(async (context) => (await import('./commands/stats.ts')).stats(context, names, options)),
    );
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
