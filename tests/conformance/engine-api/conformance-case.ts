/**
 * What a case of the conformance suite consists of: data only. Text may hold `{placeholders}`, which the state of the
 * case fills: see `bindings` in case-state.ts.
 */
import type { ConfigDocument } from '../../support/plugin-fixture.ts';
import type { TarEntryFields } from '../../support/tar.ts';
import type { Shape } from './shape.ts';

/** One request with the answer that is right, in a state that is made for it. */
export interface ConformanceCase {
  /** `<route>.<what>`; never changes, so that differences can refer to it. */
  readonly id: string;
  /** What happens, as the beginning of a sentence: `enabling a plugin that is enabled`. */
  readonly title: string;
  /** What is made before, in order; default nothing. */
  readonly given?: readonly Given[];
  readonly request: RawRequest;
  readonly expect: Expectation;
  /**
   * Whether its state is at the end what it was at the beginning, and made only once for all versions. Default: what
   * asks, and what is refused, changes nothing.
   */
  readonly isRepeatable?: boolean;
  /** What is asked afterwards, to see what the request did. */
  readonly afterwards?: readonly Step[];
  /**
   * Versions of the API. `latest` (default): without version, and with the highest that suite and engine know;
   * `every`: all of them and without; `since-1.26`: so but for the first; a list: exactly these. `as-written`: the
   * request's own path says it.
   */
  readonly versions?: 'latest' | 'every' | 'since-1.26' | 'as-written' | readonly string[];
  /** What the registry must have seen by the end. */
  readonly registrySaw?: readonly SeenRequest[];
  /** What an engine must offer for the case to make sense. */
  readonly needs?: 'volumes';
}

/** A further request of a case. */
export interface Step {
  readonly request: RawRequest;
  readonly expect: Expectation;
}

/** A request as it goes over the wire. */
export interface RawRequest {
  /** Method and target; the version goes before the path. */
  readonly line: string;
  /** Beside `Host` and `Connection`; a body's length or coding is added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or the archive of a plugin. */
  readonly body?: string | PluginArchive;
  /** How the body's end is told; default by its length. */
  readonly framing?: 'length' | 'chunked';
  /** A second request on the same connection, whose answer must be a ping's: nothing of the body may be left unread. */
  readonly isFollowedByPing?: boolean;
}

/** A plugin to be made of bytes. What is not given is small and valid; each archive differs in one file. */
export interface PluginArchive {
  readonly config?: ConfigDocument;
  /** The bytes of config.json where they are not the JSON of a config; null for no such entry. */
  readonly configText?: string | null;
  /** Entries of the archive beside config.json, in place of the root filesystem. */
  readonly entries?: readonly TarEntryFields[];
  /** It listens on its socket when enabled. */
  readonly runs?: boolean;
  readonly compression?: 'gzip';
  /** Only this many bytes of the archive. */
  readonly truncateTo?: number;
}

/** A plugin in the registry, of bytes that the suite chose. */
export interface PublishedPlugin extends Pick<PluginArchive, 'config' | 'configText' | 'runs'> {
  readonly configType?: string;
  readonly layerType?: string;
  readonly manifestType?: string;
  /** Entries of each layer, bottom first; default one layer with one file. */
  readonly layers?: readonly (readonly TarEntryFields[])[];
  /** Stand behind an index, for this platform. */
  readonly isIndexed?: boolean;
}

/** One thing that is there before a request. */
export type Given =
  /** A plugin made by `create` under the name that the placeholder `as` stands for; default `name`. */
  | { readonly made: PluginArchive; readonly as?: string }
  /** A plugin in the registry as `{remote}`, or as its next version `{upgrade}`. */
  | { readonly published: PublishedPlugin; readonly as?: 'remote' | 'upgrade' }
  /** `{remote}` installed under its own name, or another. */
  | { readonly installed: string }
  | { readonly enabled: string }
  | { readonly set: readonly string[]; readonly of: string }
  /** A volume `{volume}` of an enabled plugin. */
  | { readonly usedByVolume: string }
  /** Plugins until two IDs begin with the same digit, `{sharedPrefix}`. */
  | { readonly crowd: true };

/** An answer; or the connection closed without one. */
export type Expectation = AnswerExpectation | 'closed';

export interface AnswerExpectation {
  readonly status: number;
  readonly body: BodyExpectation;
  /** By lower-case name: exact text, a pattern, or null for a header that must not be there. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** Which general headers there are: all (default), all but the experimental one, or none. */
  readonly routing?: 'routed' | 'version-refused' | 'unrouted';
}

export type BodyExpectation =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly contentType: string; readonly text: string | RegExp }
  | { readonly kind: 'document'; readonly value: Shape }
  | StreamExpectation;

/** Lines of progress. Every line must fit one of the shapes. */
export interface StreamExpectation {
  readonly kind: 'stream';
  /** The first lines, in order. */
  readonly first?: readonly Shape[];
  /** Lines that must occur after these, in any order. */
  readonly includes?: readonly Shape[];
  /** Lines that may occur. */
  readonly others?: readonly Shape[];
  /** The last line. */
  readonly last?: Shape;
}

/** A request that a registry got. */
export interface SeenRequest {
  readonly method: RegExp;
  readonly path: RegExp;
  /** By lower-case name; null for one that must not be there. */
  readonly headers: Readonly<Record<string, string | RegExp | null>>;
}
