/**
 * `outboard init`
 */
import type { PluginKind, PluginLanguage } from '@outboard/authoring';
import { CommandError } from '../command-error.ts';
import { askText } from '../terminal/ask-text.ts';
import { escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';

/** Flags of `outboard init`. */
export interface InitOptions {
  readonly kind?: string | undefined;
  readonly language?: string | undefined;
}

/**
 * Begin a project. On a terminal it asks for what no flag says; elsewhere it is a volume plugin in TypeScript.
 * @throws {CommandError} exit code 125 for an unknown kind or language
 */
export async function init(context: CommandContext, name: string, options: InitOptions): Promise<void> {
  const { initProject, languageFacts, parsePluginName, pluginKinds, pluginLanguages } = await import(
    '@outboard/authoring'
  );
  // Before anything is asked.
  parsePluginName(name);
  const kind = await choose<PluginKind>(context, { what: 'kind', from: pluginKinds, given: options.kind });
  const language = await choose<PluginLanguage>(context, {
    what: 'language',
    from: pluginLanguages.filter((each) => languageFacts[each].kinds.includes(kind)),
    all: pluginLanguages,
    given: options.language,
  });
  const project = await initProject({ name, kind, language });
  const { short, plugin } = project.name;
  context.host.stdout.write(`Made ${short}/ with ${project.files.length} files: a ${kind} plugin in ${languageFacts[language].label}.

Begin in ${short}/${languageFacts[language].driver}, and read ${short}/README.md. Next:

    outboard build ${short}
    outboard enable ${escapeText(plugin)}
`);
}

/** A choice: its name, what can be chosen, and what a flag said. */
interface Choice<Value extends string> {
  readonly what: string;
  readonly from: readonly Value[];
  /** Values that exist, where `from` holds those that fit; the library says why others do not. */
  readonly all?: readonly Value[] | undefined;
  readonly given: string | undefined;
}

async function choose<Value extends string>(
  { host, signal }: CommandContext,
  { what, from, all = from, given }: Choice<Value>,
): Promise<Value> {
  const [first] = from;
  if (first === undefined) throw new CommandError(`there is no ${what} to choose`);
  const list = from.join(', ');
  let answer = given;
  if (answer === undefined && host.stdin.isTTY === true) {
    const prompt = `${what} (${list}) [${first}]: `;
    answer = (await askText(host, { prompt, isSecret: false }, signal))?.trim() || first;
  }
  const wanted = answer ?? first;
  const found = all.find((each) => each === wanted);
  if (found !== undefined) return found;
  throw new CommandError(`init: unknown ${what} "${escapeText(wanted)}": want one of ${list}`, {
    exitCode: 125,
  });
}
