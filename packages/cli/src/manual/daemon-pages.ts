/**
 * outboard-daemon(8) and outboard-daemon.json(5), from the table of settings of the daemon.
 */
import type { Option } from 'commander';
import { type ManualFacts, type ManualPage, optionList, seeAlso, writePage } from './manual-page.ts';
import { bold, escapeRoff, exampleLines, section, sentence, termList } from './roff.ts';

/** One key of the configuration file. */
export interface ManualSetting {
  readonly key: string;
  readonly help: string;
  /** The value without it, as text; absent where that goes without saying. */
  readonly defaultText?: string | undefined;
  /** True if a reload changes it. */
  readonly isReloadable: boolean;
}

/** The daemon's flags and settings. */
export interface ManualDaemon {
  readonly options: readonly Option[];
  readonly settings: readonly ManualSetting[];
}

const file = '/etc/outboard/daemon.json';

/** Both pages of the daemon. */
export function daemonPages({ options, settings }: ManualDaemon, facts: ManualFacts): readonly ManualPage[] {
  return [daemonPage(options, facts), configurationPage(settings, facts)];
}

function daemonPage(options: readonly Option[], facts: ManualFacts): ManualPage {
  const about = `Serves the Docker Engine API for plugins. Needs root. An option is given here or in the configuration file,
not in both: see ${bold('outboard-daemon.json')}(5). SIGHUP reloads that file; SIGTERM and SIGINT end the daemon, and plugins go
on running unless \\-\\-no\\-live\\-restore is given.`;
  return writePage(
    {
      name: 'outboard-daemon',
      number: 8,
      purpose: 'run the daemon that hosts plugins',
      sections: [
        section('SYNOPSIS', [
          `${bold('outboard daemon')} [OPTIONS]`,
          `${bold('outboard daemon doctor')} [OPTIONS]`,
          bold('outboard daemon reload'),
        ]),
        section('DESCRIPTION', [
          about,
          `${bold('doctor')} checks the host, and prints the result as JSON. ${bold('reload')} is for ExecReload= of a systemd unit.`,
        ]),
        section('OPTIONS', [optionList(options)]),
        section('EXIT STATUS', [
          termList([
            [bold('0'), 'Orderly end.'],
            [bold('1'), 'The daemon could not start.'],
            [bold('125'), 'Wrong options; nothing was made.'],
          ]),
        ]),
        seeAlso(['outboard(1)', 'outboard-daemon.json(5)', 'outboard-service(1)']),
      ],
    },
    facts,
  );
}

function configurationPage(settings: readonly ManualSetting[], facts: ManualFacts): ManualPage {
  const about = `A JSON object, read from ${bold(file)} if it exists, or from the file of ${bold('--config')}. Unknown keys are
errors, and so is a key whose option is given as well. A reload of the daemon puts the keys in force that are marked so.`;
  const example = ['{', '  "data-root": "/srv/outboard",', '  "metrics-addr": "127.0.0.1:9323"', '}'];
  return writePage(
    {
      name: 'outboard-daemon.json',
      number: 5,
      purpose: 'configuration of the daemon that hosts plugins',
      sections: [
        section('DESCRIPTION', [about]),
        section('KEYS', [termList(settings.map(({ key, ...rest }) => [bold(key), settingText(rest)]))]),
        section('EXAMPLES', [exampleLines(example)]),
        section('FILES', [bold(file)]),
        seeAlso(['outboard-daemon(8)']),
      ],
    },
    facts,
  );
}

function settingText({
  help,
  defaultText,
  isReloadable,
}: Pick<ManualSetting, 'help' | 'defaultText' | 'isReloadable'>): string {
  const value = defaultText === undefined ? '' : ` Default: ${defaultText}.`;
  return escapeRoff(`${sentence(help)}${value}${isReloadable ? ' Changed by a reload.' : ''}`);
}
