/**
 * The plugin of one run of `outboard dev`: replaced after each build, and put back as it was at the end.
 */
import type { IncomingMessage } from 'node:http';
import type { BuiltPlugin } from '@outboard/authoring';
import { createOrReplace } from '../client/build-api.ts';
import { disablePlugin, enablePlugin, removePlugin } from '../client/plugin-api.ts';
import type { PluginSummary, Privilege } from '../client/plugin-documents.ts';
import { CommandError, messageOf } from '../command-error.ts';
import { askConsent } from '../privileges/consent.ts';
import { escapeLines, escapeText } from '../terminal/escape-text.ts';
import type { CommandContext } from './command-context.ts';
import { followOutput } from './logs.ts';

/** Refusal of privileges; it ends the command, for the next change would ask the same. */
export class ConsentError extends CommandError {
  override readonly name = 'ConsentError';
}

/** Choices for a session. */
interface SessionOptions {
  /** The plugin of that name when the session began. */
  readonly before: PluginSummary | undefined;
  /** Grant all privileges without asking. */
  readonly grantsAll: boolean;
}

/** Seconds that the plugin may take to open its socket. */
const enableSeconds = 30;

/** One session. */
export class DevSession {
  readonly #context: CommandContext;
  readonly #name: string;
  readonly #options: SessionOptions;
  #granted: readonly Privilege[] = [];
  #isStored: boolean;
  #isEnabled: boolean;
  #output: Promise<void> | undefined;
  #shown: IncomingMessage | undefined;
  #hasEnded = false;

  constructor(context: CommandContext, name: string, options: SessionOptions) {
    this.#context = context;
    this.#name = name;
    this.#options = options;
    this.#isStored = options.before !== undefined;
    this.#isEnabled = options.before?.isEnabled === true;
  }

  /** Write a line about the session itself, beside the plugin's output. */
  say(text: string): void {
    this.#context.host.stderr.write(`dev: ${escapeText(text)}\n`);
  }

  /**
   * Put a build in the place of the one before, and enable it.
   * @throws {ConsentError} when its privileges are refused
   */
  async replace(plugin: BuiltPlugin): Promise<void> {
    const { client, host, signal } = this.#context;
    const { archivePlugin } = await import('@outboard/authoring');
    await this.#askConsent(plugin.privileges);
    const context = () => archivePlugin(plugin, { signal });
    // One that ends soon after its start is restarted with back-off, and its author sees why.
    const options = { force: true, probationSeconds: 0 };
    const { isNew, warnings } = await createOrReplace(client, this.#name, context, options);
    this.#isStored = true;
    for (const warning of warnings) host.stderr.write(`warning: ${escapeText(warning)}\n`);
    if (!this.#isEnabled) await enablePlugin(client, this.#name, enableSeconds);
    // All that a plugin of this session has written; what one from before has written is another story.
    this.#output ??= this.#follow(this.#options.before === undefined ? 'all' : '0');
    this.say(`${isNew ? 'created' : 'replaced'} ${this.#name}${this.#isEnabled ? '' : ', and enabled it'}`);
    this.#isEnabled = true;
  }

  /** Put the plugin back: remove one that is new, disable one that was. @param options.keep leave it as it is */
  async end({ keep }: { readonly keep: boolean }): Promise<void> {
    this.#hasEnded = true;
    this.#shown?.destroy();
    await this.#output;
    if (keep || !this.#isStored) return;
    const { before } = this.#options;
    // The command's own signal was aborted.
    const client = this.#context.client.withSignal(new AbortController().signal);
    try {
      if (before === undefined) {
        await removePlugin(client, this.#name, true);
        this.say(`removed ${this.#name}`);
      } else if (!before.isEnabled && this.#isEnabled) {
        await disablePlugin(client, this.#name, true);
        this.say(`disabled ${this.#name}, which was there before`);
      }
    } finally {
      await client.close();
    }
  }

  /** Ask when a privilege is new. */
  async #askConsent(privileges: readonly Privilege[]): Promise<void> {
    const isGranted = ({ name, value }: Privilege) =>
      this.#granted.some((each) => each.name === name && String(each.value) === String(value));
    if (!this.#options.grantsAll && !privileges.every(isGranted)) {
      const { host, signal } = this.#context;
      const isConsent = await askConsent(this.#name, privileges, host, signal).catch((error: unknown) => {
        throw new ConsentError(messageOf(error), { cause: error });
      });
      if (!isConsent) throw new ConsentError(`Permission denied while enabling plugin ${this.#name}`);
    }
    this.#granted = privileges;
  }

  /** Show the plugin's output until the end. */
  async #follow(tail: string): Promise<void> {
    try {
      const onOpen = (answer: IncomingMessage) => {
        this.#shown = answer;
      };
      await followOutput(this.#context, this.#name, { tail, onOpen });
    } catch (error) {
      if (this.#hasEnded || this.#context.signal.aborted) return;
      this.#context.host.stderr.write(`${escapeLines(messageOf(error))}\n`);
    }
  }
}
