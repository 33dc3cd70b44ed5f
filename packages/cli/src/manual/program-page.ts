/**
 * outboard(1): the program, its options, commands, environment, files and exit codes.
 */
import type { Option } from 'commander';
import type { GroupRow, RunnableRow } from '../commands/command-row.ts';
import {
  type ManualFacts,
  type ManualPage,
  optionList,
  placeholder,
  seeAlso,
  writePage,
} from './manual-page.ts';
import { bold, escapeRoff, italic, section, sentence, termList } from './roff.ts';

const environment = [
  ['OUTBOARD_HOST', 'address of the daemon'],
  ['DOCKER_HOST', 'address of the daemon, when OUTBOARD_HOST is not set'],
  ['DOCKER_CONTEXT', 'docker context that names the daemon, when neither is set'],
  ['DOCKER_CONFIG', 'directory of config.json and contexts, in place of ~/.docker'],
  ['DOCKER_TLS_VERIFY', 'if not empty, as --tlsverify'],
  ['DOCKER_CERT_PATH', 'directory of the files ca.pem, cert.pem and key.pem'],
  ['DOCKER_API_VERSION', 'version of the API, in place of the negotiated one'],
  ['TERM', 'progress is not redrawn on a terminal that is "dumb"'],
] as const;

const files = [
  ['/run/outboard/outboard.sock', 'socket of the daemon'],
  ['~/.docker/config.json', 'credentials for registries, and the current docker context'],
  ['~/.docker/contexts', 'docker contexts'],
  ['~/.ssh/config', 'settings of ssh for addresses such as ssh://HOST'],
] as const;

const exitCodes = [
  ['0', 'done'],
  ['1', 'failed'],
  ['4', 'fsck: errors are left'],
  ['124', 'wait: time limit reached'],
  ['125', 'unknown command or option, or wrong number of arguments; nothing was done'],
  ['126, 127', 'exec: the program cannot be run, or does not exist; otherwise the exit code of the program'],
  ['130', 'interrupted by SIGINT'],
  ['141', 'the output was closed'],
  ['143', 'ended by SIGTERM'],
] as const;

/** The page of the program. @param rows the table of commands */
export function programPage(
  rows: readonly (RunnableRow | GroupRow)[],
  options: readonly Option[],
  facts: ManualFacts,
): ManualPage {
  const shown = rows.filter(({ hidden }) => hidden !== true);
  const commands = shown.map(({ name, description }) => [
    `${bold(`outboard-${name}`)}(1)`,
    escapeRoff(sentence(description)),
  ]) as readonly (readonly [string, string])[];
  const about = `${bold('outboard')} manages plugins for container engines through the Docker Engine API: those of
${bold('outboard daemon')}, and those of a Docker Engine. Its commands are those of ${bold('docker plugin')}, with the same
options, output and exit codes. ${bold('outboard plugin')} ${italic('COMMAND')} is ${bold('outboard')} ${italic('COMMAND')}.`;
  return writePage(
    {
      name: 'outboard',
      number: 1,
      purpose: 'manage plugins for container engines',
      sections: [
        section('SYNOPSIS', [`${bold('outboard')} [OPTIONS] ${placeholder('<COMMAND>')} ...`]),
        section('DESCRIPTION', [about]),
        section('OPTIONS', [optionList(options)]),
        section('COMMANDS', [
          termList([
            ...commands,
            [`${bold('outboard-daemon')}(8)`, 'Run the daemon that hosts the plugins.'],
            [`${bold('outboard help')} [${italic('COMMAND')}]`, 'Show the help of a command.'],
          ]),
        ]),
        section('ENVIRONMENT', [termList(environment.map(toTerm))]),
        section('FILES', [termList(files.map(toTerm))]),
        section('EXIT STATUS', [termList(exitCodes.map(toTerm))]),
        seeAlso(['outboard-daemon(8)', 'outboard-daemon.json(5)']),
      ],
    },
    facts,
  );
}

function toTerm([name, text]: readonly [string, string]): readonly [string, string] {
  return [bold(name), escapeRoff(sentence(text))];
}
