/**
 * One exchange: a consumer's request, the call that it leads to, and the answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallDeadline, firstEvent, openCallDeadline, withResolvers } from '@outboard/async';
import type { Consumer } from '@outboard/engine';
import { OutboardError } from '@outboard/oci';
import type { CallGuard } from '../protection/call-guard.ts';
import type { CallLimits } from '../protection/call-limits.ts';
import { errorAnswer, failureAnswer, type GatewayAnswer } from '../translation/failure-answer.ts';
import { type MethodRule, ruleOf } from '../translation/method-rules.ts';
import { type ForwardedVolumeMethod, translateAnswer } from '../translation/volume-answer.ts';
import { CallReport } from './call-report.ts';
import { connectedConsumer } from './connected-consumer.ts';
import type { HostPaths } from './host-paths.ts';
import { endToEndHeaders } from './http-headers.ts';
import { withLogFile } from './log-call.ts';
import { type MountArguments, mountFor, readMountArguments } from './mount-call.ts';
import type { HandledPlugin, PluginHandlerDeps } from './plugin-exchange.ts';
import { boundedChunks, forwardedBody, hasBody, readBody } from './request-body.ts';
import { sendJson, sendStream, sendWhole, type WholeAnswer } from './send-answer.ts';

/** Parts that all exchanges of one plugin share. */
export interface ExchangeContext {
  readonly plugin: HandledPlugin;
  readonly limits: CallLimits;
  /** The answer to `Plugin.Activate`. */
  readonly activation: string;
  readonly guard: CallGuard;
  readonly hostPaths: HostPaths;
  readonly deps: PluginHandlerDeps;
}

/** Serve one request. Never rejects. */
export async function serveExchange(
  context: ExchangeContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = new Exchange(context, request, response);
  try {
    await exchange.run();
  } catch (error) {
    context.deps.logger.error(
      { err: error, plugin: context.plugin.name },
      'an exchange of the gateway failed',
    );
    response.destroy();
  }
}

class Exchange {
  readonly #context: ExchangeContext;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #left = new AbortController();
  /** Such as `VolumeDriver.Mount`. */
  readonly #method: string;
  readonly #report = new CallReport();

  constructor(context: ExchangeContext, request: IncomingMessage, response: ServerResponse) {
    this.#context = context;
    this.#request = request;
    this.#response = response;
    this.#method = methodOf(request.url ?? '');
  }

  async run(): Promise<void> {
    const { clock, onCall } = this.#context.deps;
    const startedAt = clock.now().getTime();
    const startedMs = clock.monotonicMs();
    this.#response.on('close', () => {
      if (!this.#response.writableFinished) this.#left.abort(consumerLeft());
    });
    try {
      await this.#answer();
    } catch (error) {
      this.#fail(error);
    }
    if (onCall === undefined) return;
    const frame = {
      plugin: this.#context.plugin,
      method: this.#method,
      consumer: this.#consumer(),
      startedAt,
      durationMs: clock.monotonicMs() - startedMs,
      hasLeft: this.#left.signal.aborted,
      status: this.#response.headersSent ? this.#response.statusCode : undefined,
    };
    onCall(this.#report.end(frame));
  }

  async #answer(): Promise<void> {
    if (this.#request.method !== 'POST') {
      const reason = `${this.#method}: want a POST request, got ${this.#request.method}`;
      return this.#send(failureAnswer(this.#method, 405, reason));
    }
    if (this.#method === 'Plugin.Activate') {
      return this.#send({ status: 200, text: this.#context.activation });
    }
    const rule = ruleOf(this.#method);
    using deadline = this.#openDeadline(rule);
    if (rule === undefined) return await this.#stream(deadline);
    const { maxRequestBytes } = this.#context.limits;
    const body = forwardedBody(this.#method, rule, await readBody(this.#request, maxRequestBytes, deadline));
    this.#report.request = body;
    const { translation } = rule;
    if (translation === 'Mount') return await this.#mount(readMountArguments(this.#method, body), deadline);
    if (translation === 'Unmount')
      return await this.#unmount(readMountArguments(this.#method, body), deadline);
    const consumer = this.#consumer();
    const logCall = { pluginId: this.#context.plugin.id, method: this.#method, body, consumer };
    const answer = await withLogFile(this.#context.deps.logPipes, logCall, () =>
      this.#method === 'VolumeDriver.Remove'
        ? this.#remove(rule, body, deadline)
        : this.#forward(rule, body, deadline),
    );
    if (translation === undefined) return this.#sendWhole(answer);
    return await this.#sendTranslated(translation, answer, deadline);
  }

  #openDeadline(rule: MethodRule | undefined): CallDeadline {
    const { timeoutMs, slowTimeoutMs } = this.#context.limits;
    const limitMs = rule?.isSlow === true ? slowTimeoutMs : timeoutMs;
    // An unmount goes on without its consumer, who does not come back for it.
    const left = rule?.translation === 'Unmount' ? undefined : this.#left.signal;
    return openCallDeadline(limitMs, [left], (cause) => {
      const message = `${this.#method}: no answer from the plugin within ${limitMs / 1000} s`;
      return new OutboardError('unavailable', message, { code: 'plugin-timeout', cause });
    });
  }

  #guarded<Result>(deadline: CallDeadline, call: () => Promise<Result>): Promise<Result> {
    const { guard, plugin, deps } = this.#context;
    return guard.run({ deadline, ready: () => deps.ready(plugin.id, deadline), call });
  }

  /** A consumer does not know of the holders that other consumers have made. */
  #remove(rule: MethodRule, body: Buffer, deadline: CallDeadline): Promise<WholeAnswer> {
    const { plugin, deps } = this.#context;
    const { volume } = readMountArguments(this.#method, body);
    const options = { driver: plugin.name, signal: deadline.signal };
    return deps.mounts.removeBy(volume, options, () => this.#forward(rule, body, deadline));
  }

  #forward(rule: MethodRule, body: Buffer, deadline: CallDeadline): Promise<WholeAnswer> {
    const { plugin, limits } = this.#context;
    const headers = endToEndHeaders(this.#request.rawHeaders, true);
    return this.#guarded(deadline, () =>
      plugin.driver.client.forward(
        { path: this.#request.url ?? '', headers, body },
        async (answer) => ({ status: answer.status, headers: answer.headers, body: await answer.bytes() }),
        {
          signal: deadline.signal,
          timeoutMs: 0,
          idempotent: rule.isQuery,
          maxReplyBytes: limits.maxAnswerBytes,
        },
      ),
    );
  }

  /** Forward a method that is in no table, in both directions as the bytes come. */
  async #stream(deadline: CallDeadline): Promise<void> {
    const { plugin, limits, deps } = this.#context;
    const request = this.#request;
    const [method, consumer] = [this.#method, this.#consumer()];
    const isEmpty = !hasBody(request);
    const forwarded = {
      path: request.url ?? '',
      headers: endToEndHeaders(request.rawHeaders, isEmpty),
      body: isEmpty ? Buffer.alloc(0) : this.#countedChunks(boundedChunks(request, limits.maxRequestBytes)),
    };
    const begun = withResolvers<void>();
    let whole: Promise<void> | undefined;
    await this.#guarded(deadline, () => {
      whole = plugin.driver.client.forward(
        forwarded,
        async (answer) => {
          deadline.clearLimit();
          using _open = deps.streams?.open({
            pluginId: plugin.id,
            method,
            consumer,
            since: deps.clock.now(),
          });
          begun.resolve();
          this.#report.streamedAnswerBytes = await sendStream(this.#response, answer, deadline);
        },
        { signal: deadline.signal, timeoutMs: 0, isStream: true },
      );
      whole.catch(begun.reject);
      return begun.promise;
    });
    await whole;
  }

  async #sendTranslated(
    method: ForwardedVolumeMethod,
    answer: WholeAnswer,
    deadline: CallDeadline,
  ): Promise<void> {
    const { status, body } = answer;
    const toHostPaths = (paths: readonly string[]) => this.#toHostPaths(method, paths, deadline);
    const translated = await translateAnswer(method, { status, text: body.toString() }, toHostPaths);
    if (translated === undefined) this.#sendWhole(answer);
    else this.#send(translated);
  }

  async #toHostPaths(
    method: ForwardedVolumeMethod,
    paths: readonly string[],
    deadline: CallDeadline,
  ): Promise<readonly (string | undefined)[]> {
    const { plugin, hostPaths, deps } = this.#context;
    if (method === 'List') return hostPaths.listed(paths, deadline);
    const [path] = paths;
    if (path === undefined) return [];
    try {
      return [await hostPaths.checked(path, deadline)];
    } catch (error) {
      // The volume exists all the same, and may only not be mounted.
      if (method === 'Path' || deadline.signal.aborted) throw error;
      deps.logger.debug({ err: error, plugin: plugin.name }, 'left out a path that the host does not see');
      return [undefined];
    }
  }

  async #mount(mount: MountArguments, deadline: CallDeadline): Promise<void> {
    const { plugin, deps, limits } = this.#context;
    const options = { driver: plugin.name, consumer: this.#consumer(), timeoutMs: limits.slowTimeoutMs };
    const text = await this.#guarded(deadline, () =>
      mountFor(deps.mounts, mount, { ...options, signal: deadline.signal }),
    );
    if (!this.#left.signal.aborted) {
      this.#send({ status: 200, text });
      await firstEvent(this.#response, ['finish', 'close']);
    }
    if (!this.#left.signal.aborted) return;
    // Nobody knows of the mount, so nobody would ever undo it.
    using limit = this.#openUndoDeadline();
    await deps.mounts.unmount(mount.volume, mount.id, { ...options, signal: limit.signal });
  }

  async #unmount(mount: MountArguments, deadline: CallDeadline): Promise<void> {
    const { plugin, deps, limits } = this.#context;
    const options = { driver: plugin.name, consumer: this.#consumer(), timeoutMs: limits.timeoutMs };
    const { signal } = deadline;
    await this.#guarded(deadline, () => deps.mounts.unmount(mount.volume, mount.id, { ...options, signal }));
    this.#send({ status: 200, text: '{"Err":""}' });
  }

  #openUndoDeadline(): CallDeadline {
    return openCallDeadline(this.#context.limits.timeoutMs, [], (cause) => {
      return new OutboardError('unavailable', `${this.#method}: cannot undo a mount in time`, { cause });
    });
  }

  async *#countedChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#report.streamedRequestBytes += chunk.length;
      yield chunk;
    }
  }

  #sendWhole(answer: WholeAnswer): void {
    this.#report.answer = answer.body;
    sendWhole(this.#response, answer);
  }

  #send(answer: GatewayAnswer): void {
    this.#report.answer = sendJson(this.#response, answer);
  }

  #fail(error: unknown): void {
    if (this.#left.signal.aborted) return;
    this.#report.error = error;
    const answer = errorAnswer(this.#method, error);
    if (this.#response.headersSent) {
      // The consumer must not take what it got for a whole answer.
      this.#response.destroy();
      return;
    }
    if (!this.#request.complete) this.#response.shouldKeepAlive = false;
    this.#send(answer);
  }

  #consumer(): Consumer {
    return connectedConsumer(this.#request.socket);
  }
}

function methodOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url.slice(1) : url.slice(1, query);
}

function consumerLeft(): OutboardError {
  return new OutboardError('unavailable', 'the consumer left before the answer', { code: 'consumer-left' });
}
