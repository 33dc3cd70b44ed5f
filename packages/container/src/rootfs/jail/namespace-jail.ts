/**
 * The unpack jail by a child process in namespaces of its own, from the parent's side.
 */
import { onAbort, settlesWithin, stopWhenAborted, waitForDrain, withResolvers } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type {
  AppliedLayer,
  ApplyOptions,
  ArchiveOptions,
  OpenUnpackJail,
  UnpackJail,
} from '../unpack-jail.ts';
import { createMessageReader } from './child-messages.ts';
import { FrameReader } from './frame-reader.ts';
import { type JailProcess, startJailProcess } from './jail-process.ts';
import {
  archiveMark,
  defaultUnpackLimits,
  finishMark,
  frameLength,
  type JailMessage,
  listMark,
  noDiffIdMark,
} from './jail-protocol.ts';
import { verifyConfinement } from './verify-confinement.ts';
import { readActivity, watchProgress } from './watch-progress.ts';

/**
 * Start a jail, see the contract in `unpack-jail.ts`. It needs root.
 * @throws {OutboardError} system when the directory cannot be opened or no process can be started
 */
export const openUnpackJail: OpenUnpackJail = (directory, options = {}) => {
  options.signal?.throwIfAborted();
  const started = startJailProcess(directory, { ...defaultUnpackLimits, ...options.limits });
  return new RunningJail(started, options);
};

/** Far longer than any work without visible activity of the child. */
const defaultStallMs = 60_000;
/** A killed process ends at once, unless it waits for a disk that does not answer. */
const longestEndMs = 10_000;

/**
 * Maximum input that is buffered for the child, so that it never waits for work: the buffer of a pipe is too small.
 */
const maxBufferedBytes = 2 * 1024 * 1024;

interface Waiter {
  readonly type: JailMessage['type'];
  readonly resolve: (message: JailMessage) => void;
  readonly reject: (reason: unknown) => void;
}

class RunningJail implements UnpackJail {
  readonly #process: JailProcess;
  readonly #stallMs: number;
  /** Aborted by the first failure, which is its reason. No later operation can succeed. */
  readonly #failed = new AbortController();
  /** Resolves when the confinement of the child is verified. */
  readonly #confined: Promise<void>;
  /** Removes the listener for the signal of the whole jail. */
  readonly #stopListening: () => void;
  readonly #frames: FrameReader;
  #waiter: Waiter | undefined;
  #isBusy = false;
  #isFinished = false;

  constructor(
    started: JailProcess,
    { signal, stallMs = defaultStallMs }: { signal?: AbortSignal | undefined; stallMs?: number | undefined },
  ) {
    this.#process = started;
    this.#stallMs = stallMs;
    this.#frames = new FrameReader(started.output);
    this.#stopListening = onAbort(signal, (reason) => this.#fail(reason));
    this.#confined = this.#bounded(this.#receive('entered')).then(() =>
      verifyConfinement(started.pid, started.root),
    );
    this.#confined.catch((error: unknown) => this.#fail(error));
    const read = createMessageReader((message) => this.#take(message));
    started.control.setEncoding('utf8').on('data', (text: string) => {
      try {
        read(text);
      } catch (error) {
        this.#fail(error);
      }
    });
    // The end of the child gives the reason of a broken pipe.
    started.input.on('error', () => {});
    void started.ended.then((how) => {
      started.input.destroy();
      started.output.destroy();
      if (!this.#isFinished) this.#fail(new OutboardError('system', `the unpack jail ${how}`));
    });
  }

  async apply(layer: AsyncIterable<Uint8Array>, options: ApplyOptions = {}): Promise<AppliedLayer> {
    options.signal?.throwIfAborted();
    const stopListening = onAbort(options.signal, (reason) => this.#fail(reason));
    try {
      const message = await this.#exchange(() => this.#sendLayer(layer, options.diffId ?? true), 'layer');
      return message.layer;
    } finally {
      stopListening();
    }
  }

  async *archive({ signal, contents = 'bytes' }: ArchiveOptions = {}): AsyncGenerator<Buffer> {
    signal?.throwIfAborted();
    this.#begin();
    const stopListening = onAbort(signal, (reason) => this.#fail(reason));
    let isComplete = false;
    try {
      await this.#confined;
      const answer = this.#receive('archived');
      answer.catch(() => undefined); // awaited below, unless the reader fails before
      await this.#write(frameLength(contents === 'bytes' ? archiveMark : listMark));
      yield* this.#readArchive();
      await this.#bounded(answer);
      isComplete = true;
    } catch (error) {
      // A child that fails ends its output before the parent has read its message.
      if (!this.#failed.signal.aborted) await this.#gone();
      this.#fail(error);
      throw this.#failed.signal.reason;
    } finally {
      stopListening();
      if (!isComplete)
        this.#fail(new OutboardError('system', 'the archive of the tree was not read to its end'));
      this.#isBusy = false;
    }
  }

  async finish(): Promise<void> {
    await this.#exchange(() => this.#write(frameLength(finishMark)), 'finished');
    this.#isFinished = true;
    await this.#bounded(this.#process.ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    this.#fail(new OutboardError('system', 'the unpack jail was closed'));
    await this.#gone();
  }

  /** Send something and wait for its answer; the first failure of either ends the jail. */
  async #exchange<Type extends JailMessage['type']>(
    send: () => Promise<void>,
    type: Type,
  ): Promise<Extract<JailMessage, { type: Type }>> {
    this.#begin();
    try {
      await this.#confined;
      const answer = this.#receive(type);
      // While a layer is sent, its source may be slow; each write is bounded by itself.
      const [message] = await Promise.all([answer, send().then(() => this.#bounded(answer))]);
      return message as Extract<JailMessage, { type: Type }>; // #take() compares the types
    } catch (error) {
      this.#fail(error);
      throw this.#failed.signal.reason;
    } finally {
      this.#isBusy = false;
    }
  }

  /** @throws {OutboardError} conflict while something else is under way; the reason of a failure */
  #begin(): void {
    this.#failed.signal.throwIfAborted();
    if (this.#isBusy || this.#isFinished) {
      throw new OutboardError('conflict', `the unpack jail is ${this.#isBusy ? 'busy' : 'finished'}`);
    }
    this.#isBusy = true;
  }

  /** Each read is bounded by itself: the consumer may be slow. */
  async *#readArchive(): AsyncGenerator<Buffer> {
    const first = await this.#bounded(this.#frames.next());
    if (first.type !== 'layer') throw new OutboardError('system', 'the unpack jail sent no archive');
    const pieces = first.content[Symbol.asyncIterator]();
    for (let next = await this.#bounded(pieces.next()); next.done !== true; ) {
      yield next.value;
      next = await this.#bounded(pieces.next());
    }
  }

  async #sendLayer(layer: AsyncIterable<Uint8Array>, wantsDiffId: boolean): Promise<void> {
    if (!wantsDiffId) await this.#write(frameLength(noDiffIdMark));
    for await (const chunk of stopWhenAborted(layer, this.#failed.signal)) {
      if (chunk.length > 0) await this.#write(frameLength(chunk.length), chunk);
    }
    await this.#write(frameLength(0));
  }

  async #write(...pieces: readonly Uint8Array[]): Promise<void> {
    const { input } = this.#process;
    input.cork();
    for (const piece of pieces) input.write(piece);
    input.uncork();
    if (input.writableLength < maxBufferedBytes) return;
    if (await this.#bounded(waitForDrain(input, { signal: this.#failed.signal }))) return;
    await this.#gone(); // #failed has the reason now
    throw new OutboardError('system', 'the unpack jail takes no more input');
  }

  /** Wait for the child as long as it makes progress. */
  async #bounded<Result>(awaited: Promise<Result>): Promise<Result> {
    const watch = watchProgress(() => readActivity(this.#process.pid), {
      limitMs: this.#stallMs,
      onStall: () => this.#fail(stalled(this.#stallMs)),
    });
    try {
      return await awaited;
    } finally {
      watch.stop();
    }
  }

  /** Wait for the end of the child, or until it is clear that it cannot be killed. */
  async #gone(): Promise<void> {
    await settlesWithin(this.#process.ended, longestEndMs);
  }

  #receive(type: JailMessage['type']): Promise<JailMessage> {
    const { promise, resolve, reject } = withResolvers<JailMessage>();
    this.#waiter = { type, resolve, reject };
    return promise;
  }

  #take(message: JailMessage): void {
    if (message.type === 'failed') {
      const { kind, message: text, code } = message;
      this.#fail(new OutboardError(kind, text, code === undefined ? {} : { code }));
    } else if (message.type === this.#waiter?.type) {
      this.#waiter.resolve(message);
      this.#waiter = undefined;
    } else {
      this.#fail(new OutboardError('system', `the unpack jail said "${message.type}" unasked`));
    }
  }

  #fail(reason: unknown): void {
    if (this.#failed.signal.aborted) return;
    if (!this.#isFinished) this.#process.kill();
    this.#failed.abort(reason);
    this.#waiter?.reject(reason);
    this.#waiter = undefined;
  }
}

function stalled(limitMs: number): OutboardError {
  return new OutboardError(
    'system',
    `the unpack jail made no progress for ${limitMs / 1000} seconds: it was stopped, or its disk does not answer`,
  );
}
