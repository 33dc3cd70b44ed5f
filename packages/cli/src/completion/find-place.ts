/**
 * The place of the cursor in a command line: a command, an option, a value of one, or an argument.
 */
import type { Command, Option } from 'commander';
import type { AddressFlags } from '../client/engine-address.ts';

/** Place of the word under the cursor. */
export interface Place {
  /** The command that the words before name. */
  readonly command: Command;
  readonly position:
    | { readonly kind: 'command' | 'option' | 'nothing' }
    | { readonly kind: 'value'; readonly option: Option }
    | { readonly kind: 'argument'; readonly index: number };
  /** The part of the word that is completed; less than the word in `--option=value`. */
  readonly typed: string;
  /** Arguments before the cursor. */
  readonly given: readonly string[];
  /** Options of the daemon's address before the cursor. */
  readonly address: AddressFlags;
}

/** Words that stand before a command and change nothing about it. */
const transparent = new Set(['plugin', 'help']);

/** Commands that run the words after a name. */
const runners = new Set(['exec', 'debug']);

/** Find the place. @param words after the program's name; the last one is under the cursor, and may be empty */
export function findPlace(program: Command, words: readonly string[]): Place {
  const reader = new WordReader(program);
  for (const word of words.slice(0, -1)) reader.read(word);
  return reader.place(words.at(-1) ?? '');
}

class WordReader {
  readonly #program: Command;
  readonly #given: string[] = [];
  readonly #address = new Map<string, string | true>();
  #command: Command;
  /** Option whose value is the next word. */
  #open: Option | undefined;
  #hasEnded = false;
  /** After `help` only commands follow. */
  #isHelp = false;
  #isUnknown = false;

  constructor(program: Command) {
    this.#program = program;
    this.#command = program;
  }

  read(word: string): void {
    if (this.#open !== undefined) this.#close(this.#open, word);
    else if (this.#hasEnded || word === '-' || !word.startsWith('-')) this.#readWord(word);
    else if (word === '--') this.#hasEnded = true;
    else this.#readOption(word);
  }

  place(word: string): Place {
    const [name = '', value] = splitOnce(word);
    const option = value === undefined ? undefined : this.#find(name);
    if (option !== undefined && !this.#hasEnded) return this.#at({ kind: 'value', option }, value);
    if (this.#open !== undefined) return this.#at({ kind: 'value', option: this.#open }, word);
    if (word.startsWith('-') && !this.#hasEnded) return this.#at({ kind: 'option' }, word);
    if (this.#isUnknown) return this.#at({ kind: 'nothing' }, word);
    if (this.#command.commands.length > 0) return this.#at({ kind: 'command' }, word);
    if (this.#isHelp) return this.#at({ kind: 'nothing' }, word);
    return this.#at({ kind: 'argument', index: this.#given.length }, word);
  }

  #at(position: Place['position'], typed: string | undefined): Place {
    return {
      command: this.#command,
      position,
      typed: typed ?? '',
      given: this.#given,
      address: Object.fromEntries(this.#address),
    };
  }

  #readWord(word: string): void {
    if (this.#command.commands.length === 0) {
      this.#given.push(word);
      // The words after the name are those of another program.
      if (runners.has(this.#command.name())) this.#hasEnded = true;
      return;
    }
    if (this.#command === this.#program && transparent.has(word)) {
      this.#isHelp ||= word === 'help';
      return;
    }
    const next = this.#command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) this.#isUnknown = true;
    else this.#command = next;
  }

  #readOption(word: string): void {
    const [name = '', value] = splitOnce(word);
    const option = this.#find(name);
    if (option === undefined) return;
    if (!option.required || value !== undefined) this.#close(option, value ?? true);
    else this.#open = option;
  }

  #close(option: Option, value: string | true): void {
    this.#open = undefined;
    if (this.#program.options.includes(option)) this.#address.set(option.attributeName(), value);
  }

  /** Of short options that are joined the last one can take a value. */
  #find(name: string): Option | undefined {
    const short = `-${name.at(-1)}`;
    const isShort = /^-[A-Za-z]+$/.test(name);
    return [...this.#command.options, ...this.#program.options].find((option) =>
      isShort ? option.short === short : option.long === name,
    );
  }
}

/** `--name=value` -> both; the value is undefined without an equals sign. */
function splitOnce(word: string): readonly [name: string, value?: string] {
  const at = word.indexOf('=');
  return at < 0 || !word.startsWith('--') ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
