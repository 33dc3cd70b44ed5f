/**
 * Pulls from mirrors: each request goes to the mirrors in order, and then to the registry itself. A mirror that fails, or
 * that sends other content than the one asked for, is passed over; digests are verified by the callers.
 */
import type { Cancellable, Clock } from '@outboard/async';
import { isOutboardError, OutboardError } from '../../../errors/outboard-error.ts';
import type { MirrorUse } from '../../configuration/registry-rule.ts';
import type { OpenBlobOptions } from '../../registry-client.ts';
import type { HttpResponse } from '../connections/connections.ts';
import { TransientFailure } from '../failures/retry.ts';
import type { Session, SessionRequest } from './session.ts';

/** A mirror of one repository. */
export interface Mirror {
  /** Host and port, and the path of the repository there. */
  readonly name: string;
  readonly use: MirrorUse;
  readonly session: Session;
}

/** The reason why a mirror is passed over for now. */
export interface MirrorFailure {
  readonly reason: string;
  /** True: it sent other content than that of a digest, and is not asked even if the registry itself is out of reach. */
  readonly isWrongContent?: boolean | undefined;
}

/** Remembers mirrors that are of no use, so that not every request waits for them. */
export interface MirrorFailures {
  /** Undefined for a mirror that is not passed over. */
  find(mirror: string): MirrorFailure | undefined;
  add(mirror: string, failure: MirrorFailure): void;
}

/** Time for which a mirror that could not be reached is passed over. */
const passedOverMs = 60_000;
/** Time for which one is passed over that sent wrong content: that of a large pull that begins anew. */
const wrongContentMs = 60 * 60_000;

/** Create an empty record of failures. */
export function createMirrorFailures(clock: Pick<Clock, 'monotonicMs'>): MirrorFailures {
  const failures = new Map<string, MirrorFailure & { readonly until: number }>();
  return {
    find(mirror) {
      const failure = failures.get(mirror);
      if (failure === undefined || failure.until > clock.monotonicMs()) return failure;
      failures.delete(mirror);
      return undefined;
    },
    add(mirror, failure) {
      const forMs = failure.isWrongContent ? wrongContentMs : passedOverMs;
      failures.set(mirror, { ...failure, until: clock.monotonicMs() + forMs });
    },
  };
}

/** The hosts to pull a repository from. */
export interface PullSources {
  /** In the order to try them. */
  readonly mirrors: readonly Mirror[];
  readonly upstream: Session;
  readonly failures: MirrorFailures;
}

/** Settings of one pull. */
export interface PullOptions extends Cancellable {
  /** True if the content is asked for by its digest. */
  readonly byDigest: boolean;
  /** See `OpenBlobOptions`. */
  readonly onMirror?: OpenBlobOptions['onMirror'];
}

/**
 * Run one pull. When it fails after the answer of a mirror, it is run again without this mirror.
 * @param work does the requests; calls its second argument if content turns out to be wrong after its end
 * @throws {OutboardError} the failure at the registry itself, with those at the mirrors in its message
 */
export async function pullFrom<T>(
  sources: PullSources,
  options: PullOptions,
  work: (session: Session, discredit: (error: unknown) => void) => Promise<T>,
): Promise<T> {
  if (sources.mirrors.length === 0) return await work(sources.upstream, () => {});
  const session = new MirroredSession(sources, options);
  for (;;) {
    try {
      return await work(session, session.discredit);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!session.giveUpLast(error)) throw session.explain(error);
    }
  }
}

class MirroredSession implements Session {
  readonly connections: Session['connections'];
  readonly #sources: PullSources;
  readonly #mirrors: readonly Mirror[];
  /** The failure of each mirror. */
  readonly #reasons = new Map<Mirror, string>();
  /** Mirrors that are not asked again in this round. */
  readonly #excluded = new Set<Mirror>();
  /** Mirrors that sent content of no use: they are never asked again. */
  readonly #refused = new Set<Mirror>();
  /** True after the registry itself could not be reached: mirrors that failed before are asked again. */
  #isRepeated = false;
  /** The mirror that sent the last answer, and the target of that request. */
  #last: { readonly mirror: Mirror; readonly target: SessionRequest['target'] } | undefined;

  /** Mirrors that sent a part of the content. */
  readonly #served = new Set<Mirror>();
  readonly #onMirror: PullOptions['onMirror'];

  constructor(sources: PullSources, { byDigest, onMirror }: PullOptions) {
    this.#sources = sources;
    this.#onMirror = onMirror;
    this.connections = sources.upstream.connections;
    const other = byDigest ? 'tag-only' : 'digest-only';
    this.#mirrors = sources.mirrors.filter(({ use }) => use !== other);
  }

  async send(request: SessionRequest): Promise<HttpResponse> {
    // A URL is the next page of an answer, at the host that sent it.
    if (request.target instanceof URL) {
      return await (this.#last?.mirror.session ?? this.#sources.upstream).send(request);
    }
    // The same request again: the connection to the mirror broke, or its answer was of no use.
    if (this.#last?.target === request.target) this.#exclude(this.#last.mirror, 'its answer broke off');
    this.#last = undefined;
    let idleMs = 0;
    for (const mirror of this.#mirrors) {
      const answer = await this.#ask(mirror, request);
      if (typeof answer === 'object') return answer;
      idleMs += answer;
    }
    try {
      return await this.#sources.upstream.send(request);
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      // In the next round mirrors are asked again: the registry may be out of reach for good.
      this.#excluded.clear();
      this.#isRepeated = true;
      throw new TransientFailure(error.error, {
        retryAfterMs: error.retryAfterMs,
        idleMs: error.idleMs + idleMs,
      });
    }
  }

  /** Exclude the mirror whose answer was refused. @returns false if the last answer was not a mirror's */
  giveUpLast(error: unknown): boolean {
    if (this.#last === undefined) return false;
    this.#exclude(this.#last.mirror, reasonOf(error));
    this.#refused.add(this.#last.mirror);
    this.#served.delete(this.#last.mirror);
    this.#last = undefined;
    return true;
  }

  /** Pass over the mirrors that sent a part of wrong content, for further pulls too. */
  readonly discredit = (error: unknown): void => {
    if (!isOutboardError(error, 'invalid')) return;
    for (const mirror of this.#served) {
      this.#refused.add(mirror);
      this.#sources.failures.add(mirror.name, { reason: reasonOf(error), isWrongContent: true });
    }
  };

  /** The error with the failures at the mirrors. */
  explain(error: unknown): unknown {
    if (!isOutboardError(error) || this.#reasons.size === 0) return error;
    const { kind, message, code, details } = error;
    const tried = [...this.#reasons].map(([{ name }, reason]) => `"${name}": ${reason}`).join('; ');
    return new OutboardError(kind, `${message}; mirrors were tried before: ${tried}`, {
      cause: error,
      code,
      details,
    });
  }

  /** @returns the answer, or the milliseconds without progress before the failure */
  async #ask(mirror: Mirror, request: SessionRequest): Promise<HttpResponse | number> {
    if (this.#excluded.has(mirror) || this.#refused.has(mirror)) return 0;
    const { failures } = this.#sources;
    const known = failures.find(mirror.name);
    if (known !== undefined && (known.isWrongContent || !this.#isRepeated)) {
      this.#exclude(mirror, known.reason);
      return 0;
    }
    try {
      const response = await mirror.session.send(request);
      this.#last = { mirror, target: request.target };
      this.#served.add(mirror);
      this.#onMirror?.(this.discredit);
      return response;
    } catch (error) {
      request.signal?.throwIfAborted();
      const reason = reasonOf(error);
      this.#exclude(mirror, reason);
      const isDown = error instanceof TransientFailure || isOutboardError(error, 'unavailable');
      if (isDown) failures.add(mirror.name, { reason });
      return error instanceof TransientFailure ? error.idleMs : 0;
    }
  }

  #exclude(mirror: Mirror, reason: string): void {
    this.#excluded.add(mirror);
    this.#reasons.set(mirror, reason);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
