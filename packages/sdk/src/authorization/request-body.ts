/**
 * Bodies of API requests under authorization. Engines decode JSON by the rules of Go, where the names of fields match in
 * any letter case and a second field of one name adds to the first: `{"HostConfig": {"Privileged": true}, "hostconfig": {}}`
 * is privileged. A policy that read it otherwise could be bypassed, so bodies that are ambiguous are refused.
 */
import { messageOf } from '../plugin-error.ts';
import { foldName } from '../wire/letter-case.ts';
import { malformed, objectOf } from '../wire/message.ts';
import { findRepeatedName } from './repeated-names.ts';

/** A body that is decoded when it is asked for. */
export class RequestBody {
  readonly #base64: string;
  #bytes: Uint8Array | undefined;

  /** @param base64 as engines send it */
  constructor(base64: string) {
    this.#base64 = base64;
  }

  /** The bytes of the body. Decoded once. */
  bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.#base64, 'base64');
    return this.#bytes;
  }

  /**
   * The value of a JSON body. Its objects have no two names that differ in letter case only.
   *
   * @throws {PluginError} 400, which denies, if the body is not JSON, or the names of an object are ambiguous
   */
  json(): unknown {
    const text = new TextDecoder().decode(this.bytes());
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw malformed(`the body of the API request is not JSON: ${messageOf(cause)}`);
    }
    const repeated = findRepeatedName(text);
    if (repeated !== undefined) {
      const name = JSON.stringify(repeated.slice(0, 64));
      throw malformed(
        `the body of the API request has two fields ${name}; engines and policies read it differently`,
      );
    }
    return value;
  }

  /**
   * A field of a JSON body by its path, such as `field('HostConfig', 'Privileged')`, in any letter case; undefined if it is
   * missing.
   *
   * @throws {PluginError} as `json`
   */
  field(...names: readonly string[]): unknown {
    return names.reduce<unknown>((value, name) => {
      const fields = Object.entries(objectOf(value) ?? {});
      return fields.find(([key]) => foldName(key) === foldName(name))?.[1];
    }, this.json());
  }
}
