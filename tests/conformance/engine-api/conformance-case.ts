/**
 * The parts of a case of the conformance suite: data only. Text may hold `{placeholders}`, filled by the state of the
 * case: see `bindings` in case-state.ts.
 */
import type { ConfigDocument } from '../../support/plugin-fixture.ts';
import type { TarEntryFields } from '../../support/tar.ts';
import type { Shape } from './shape.ts';

/** One request with its correct response, in a state prepared for it. */
export interface ConformanceCase {
  /** `<route>.<topic>`; never changes, because differences refer to it. */
  readonly id: string;
  /** The event, as the beginning of a sentence: `enabling a plugin that is enabled`. */
  readonly title: string;
  /** Steps before the request, in order; default none. */
  readonly given?: readonly Given[];
  readonly request: RawRequest;
  readonly expect: Expectation;
  /**
   * True if the case leaves its state unchanged, so that one state serves all versions. Default: true for reading and
   * for refused requests.
   */
  readonly isRepeatable?: boolean;
  /** Requests afterwards that show the effect. */
  readonly afterwards?: readonly Step[];
  /**
   * Versions of the API. `latest` (default): without version, and with the highest that suite and engine know; `every`:
   * all of them and without; `since-1.26`: every but the first; a list: exactly these; `as-written`: the version in the
   * request's own path.
   */
  readonly versions?: 'latest' | 'every' | 'since-1.26' | 'as-written' | readonly string[];
  /** Requests that the registry must have received by the end. */
  readonly registrySaw?: readonly SeenRequest[];
  /** Features of an engine without which the case is skipped. */
  readonly needs?: 'volumes';
}

/** A further request of a case. */
export interface Step {
  readonly request: RawRequest;
  readonly expect: Expectation;
}

/** A request in the form that is sent. */
export interface RawRequest {
  /** Method and target; the version is put before the path. */
  readonly line: string;
  /** Headers beside `Host` and `Connection`; length or coding of a body is added. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or the archive of a plugin. */
  readonly body?: string | PluginArchive;
  /** Framing of the body; default by its length. */
  readonly framing?: 'length' | 'chunked';
  /**
   * A second request on the same connection, which must be answered as a ping: no byte of the first body may be left
   * unread.
   */
  readonly isFollowedByPing?: boolean;
}

/** A plugin to be created from bytes. Absent parts are small and valid; each archive differs in one file. */
export interface PluginArchive {
  readonly config?: ConfigDocument;
  /** The bytes of config.json if they are not the JSON of a config; null for no such entry. */
  readonly configText?: string | null;
  /** Entries of the archive beside config.json, instead of the root filesystem. */
  readonly entries?: readonly TarEntryFields[];
  /** It listens on its socket when enabled. */
  readonly runs?: boolean;
  readonly compression?: 'gzip';
  /** Number of bytes to which the archive is cut. */
  readonly truncateTo?: number;
}

/** A plugin in the registry, with bytes of the suite's choice. */
export interface PublishedPlugin extends Pick<PluginArchive, 'config' | 'configText' | 'runs'> {
  readonly configType?: string;
  readonly layerType?: string;
  readonly manifestType?: string;
  /** Entries of each layer, bottom first; default one layer with one file. */
  readonly layers?: readonly (readonly TarEntryFields[])[];
  /** Publish behind an index, for this platform. */
  readonly isIndexed?: boolean;
}

/** One step before a request. */
export type Given =
  /** A plugin created under the name of the placeholder `as`; default `name`. */
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

/** A response; or a connection that was closed without one. */
export type Expectation = AnswerExpectation | 'closed';

export interface AnswerExpectation {
  readonly status: number;
  readonly body: BodyExpectation;
  /** By lower-case name: exact text, a pattern, or null for a header that must be absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** Expected general headers: all (default), all but the experimental one, or none. */
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
  /** Lines that must follow, in any order. */
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
  /** By lower-case name; null for a header that must be absent. */
  readonly headers: Readonly<Record<string, string | RegExp | null>>;
}
