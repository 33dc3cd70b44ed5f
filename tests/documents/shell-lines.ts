/**
 * Parses the commands in blocks of code as a shell does.
 */
import type { CodeBlock } from './pages.ts';

/** One simple command. */
export interface ShellCommand {
  /** `docs/logs.md:12`. */
  readonly place: string;
  readonly words: readonly string[];
}

/** The commands of a block; in a session those after `$ `. Other text yields a command of an unknown program. */
export function commandsOf({ page, line, language, text }: CodeBlock): readonly ShellCommand[] {
  if (!['', 'sh', 'console'].includes(language)) return [];
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n');
  const isSession = lines.some((shown) => shown.startsWith('$ '));
  const typed = isSession
    ? lines.filter((shown) => shown.startsWith('$ ')).map((shown) => shown.slice(2))
    : lines.map((shown) => shown.replace(/^ExecStart\w*=\/usr\/local\/bin\//, ''));
  return typed.flatMap((command) =>
    splitCommands(command).map((words) => ({ place: `${page}:${line}`, words: withoutPrefix(words) })),
  );
}

/** Words before the program. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const start = words.findIndex((word) => word !== 'sudo' && !/^[A-Z_]+=/.test(word));
  const [program = '', ...rest] = words.slice(Math.max(0, start));
  return [program.replace(/^\.\/bin\//, ''), ...rest];
}

/** Words in quotes stay whole; comments are left out. */
function splitCommands(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const [word = ''] of line.matchAll(
    /'[^']*'|"[^"]*"|&&|\|\||[|;&]|\$\([^)]*\)|(?:[^\s'"|;&]|'[^']*'|"[^"]*")+/g,
  )) {
    if (word.startsWith('#')) break;
    if (/^(?:&&|\|\||[|;&])$/.test(word)) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
}
