/**
 * The command line as commander reads it, built from the table of commands.
 */
import { Command, Help, type Option } from 'commander';
import { defaultAddress } from './client/engine-address.ts';
import { commandTable } from './command-table.ts';
import type { CommandContext } from './commands/command-context.ts';
import { type GroupRow, option, type RunnableRow } from './commands/command-row.ts';
import { findArgument } from './options/end-of-options.ts';

/** Runs a command once its flags are known. */
export type RunCommand = (command: (context: CommandContext) => Promise<void>) => Promise<void>;

/** Options before every command; those but `--version` also after it. */
const globalOptions = [
  option('-H, --host <address>', 'address of the daemon: unix:///PATH, tcp://HOST:PORT or ssh://[USER@]HOST'),
  option('-c, --context <name>', 'docker context that names the daemon'),
  option('--tlsverify', 'use TLS, and verify the daemon'),
  option('--tlscacert <file>', 'CA certificates to trust (default: ~/.docker/ca.pem)'),
  option('--tlscert <file>', 'client certificate (default: ~/.docker/cert.pem)'),
  option('--tlskey <file>', 'key of the client certificate (default: ~/.docker/key.pem)'),
  option('--tls', 'use TLS without verifying the daemon'),
];

/** Known to the help alone: commander would take it after a command as well, where it is wrong. */
const versionOption = option('-v, --version', 'print the version, and exit');

/** The options of the program that its help shows. */
export const shownGlobalOptions: readonly Option[] = [versionOption, ...globalOptions];

const globalNotes = `
Without --host and --context the daemon is that of OUTBOARD_HOST, DOCKER_HOST, DOCKER_CONTEXT or docker context use, in this
order; default: ${defaultAddress}.
DOCKER_TLS_VERIFY is --tlsverify, and DOCKER_CERT_PATH the directory of the TLS files.
Run 'outboard COMMAND --help' for more about a command.`;

/**
 * The command line. When the words name a command, its row alone is built, which keeps the start short.
 * @param run called with the command that was asked for
 * @param argv words after the program's name; default none, which builds everything
 */
export function createProgram(run: RunCommand, argv: readonly string[] = []): Command {
  const program = new Command('outboard')
    .description("Docker's managed plugin system, for every host")
    .usage('[OPTIONS] COMMAND')
    .helpCommand(false);
  program.configureHelp({
    visibleOptions: (command) => [
      ...(command === program ? [versionOption] : []),
      ...Help.prototype.visibleOptions.call(program.createHelp(), command),
    ],
  });
  for (const each of globalOptions) program.addOption(each);
  for (const row of rowsFor(argv)) addCommand(program, row, run);
  addHabits(program);
  return program.addHelpText('after', globalNotes);
}

/** The row that the words name; all rows when they name none, or one that looks at the others, as the completion does. */
function rowsFor(argv: readonly string[]): readonly (RunnableRow | GroupRow)[] {
  const word = argv[findArgument(argv, 0, globalOptions)];
  const named = commandTable.find(({ name, alias }) => word !== undefined && [name, alias].includes(word));
  return named === undefined || named.hidden === true ? commandTable : [named];
}

/** Words that are no rows of the table, since they stand for others or for another program. */
function addHabits(program: Command): void {
  program
    .command('daemon')
    .description('run the daemon that hosts the plugins (flags: outboard daemon --help)')
    .allowUnknownOption()
    .allowExcessArguments()
    // bin/outboard starts the daemon when it is the first word.
    .action(() => program.error('error: "daemon" must be the first argument: outboard daemon [OPTIONS]'));
  // Both are resolved before commander sees them, unless they are alone or have an option.
  const plugin = program
    .command('plugin')
    .usage('COMMAND')
    .description('Docker\'s form of the commands: "outboard plugin ls" is "outboard ls"');
  plugin.action(() => plugin.outputHelp());
  const names = commandTable.flatMap((row) => ('commands' in row || row.hidden ? [] : [row.name]));
  plugin.addHelpText('after', `\nCommands: ${names.join(', ')}\nRun 'outboard COMMAND --help' for more.`);
  program
    .command('help')
    .argument('[COMMAND...]', 'such as volume create')
    .description('show the help of a command');
}

function addCommand(parent: Command, row: RunnableRow | GroupRow, run: RunCommand): void {
  const command = parent.command(row.name, { hidden: row.hidden === true }).description(row.description);
  if (row.alias !== undefined) command.alias(row.alias);
  row.addFlags?.(command);
  for (const [name, help] of row.arguments ?? []) command.argument(name, help);
  for (const each of row.options ?? []) command.addOption(each);
  const help = helpAfter(row);
  if (help !== '') command.addHelpText('after', help);
  if ('commands' in row) {
    command.helpCommand(false);
    for (const subcommand of row.commands) addCommand(command, subcommand, run);
    return;
  }
  command.action((...words: unknown[]) =>
    run(async (context) => {
      // The row says which arguments and options commander hands over; the command declares the same.
      const runCommand = (await row.load()) as (
        context: CommandContext,
        ...words: unknown[]
      ) => Promise<void>;
      await runCommand(context, ...words);
    }),
  );
}

function helpAfter({ notes, examples = [] }: RunnableRow | GroupRow): string {
  const paragraphs = [
    ...(notes === undefined ? [] : [notes]),
    ...(examples.length === 0 ? [] : [`Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`]),
  ];
  return paragraphs.map((text) => `\n${text}`).join('\n');
}
