/**
 * Results of a completion.
 */
import type { EngineClient } from '../client/engine-client.ts';
import type { CommandHost } from '../command-host.ts';
import type { Place } from './find-place.ts';

/** A word that the user may mean. */
export interface Candidate {
  readonly word: string;
  /** One line about it; empty for none. */
  readonly help: string;
}

/** Words, or paths, which the shell completes best itself. */
export type Candidates =
  | { readonly words: readonly Candidate[]; readonly isOpen?: boolean | undefined }
  | 'files'
  | 'directories';

/** Everything that candidates are taken from. */
export interface CandidateSource {
  readonly place: Place;
  /** Client of the daemon that the words before the cursor name. @throws {CommandError} if the address is wrong */
  readonly openClient: () => EngineClient;
  readonly env: CommandHost['env'];
}

/** Words without help. */
export function plainWords(words: readonly string[], isOpen = false): Candidates {
  return { words: words.map((word) => ({ word, help: '' })), isOpen };
}
