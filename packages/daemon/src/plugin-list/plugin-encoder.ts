/**
 * Plugins as JSON in UTF-8. Plugins and lists of them are immutable, so that the bytes are cached as long as the value lives:
 * a thousand plugins are encoded once, and not for every request, nor for a list in which one of them has changed.
 */
import { hideSecrets, type Plugin, toPluginDocument } from '@outboard/engine';
import { encodeJsonBytes } from '../http/json.ts';
import type { DocumentPieces } from '../http/json-list.ts';
import { createListEncoder } from './list-pieces.ts';

/** Encodes plugins, with a cache. Every document ends with a newline. */
export interface PluginEncoder {
  /** A plugin in Docker's form (Engine API v1.51, Plugin), with `***` in place of secrets. */
  one(plugin: Plugin): DocumentPieces;
  /** The same with secrets. */
  withSecrets(plugin: Plugin): DocumentPieces;
  /** A JSON array of them. */
  list(plugins: readonly Plugin[]): Promise<DocumentPieces>;
}

const newline = Buffer.from('\n');

/** Create an encoder with an empty cache. @param secretPatterns of names of settings; default the engine's */
export function createPluginEncoder(secretPatterns?: readonly string[]): PluginEncoder {
  const encode = (plugin: Plugin) => encodeJsonBytes(toPluginDocument(plugin));
  const encodeCached = cacheByIdentity((plugin: Plugin) => encode(hideSecrets(plugin, secretPatterns)));
  return {
    one: (plugin) => [Buffer.concat([encodeCached(plugin), newline])],
    withSecrets: (plugin) => [Buffer.concat([encode(plugin), newline])],
    list: cacheByIdentity(createListEncoder(encodeCached)),
  };
}

function cacheByIdentity<Value extends object, Encoded>(
  encode: (value: Value) => Encoded,
): (value: Value) => Encoded {
  const known = new WeakMap<Value, Encoded>();
  return (value) => {
    const cached = known.get(value);
    if (cached !== undefined) return cached;
    const encoded = encode(value);
    known.set(value, encoded);
    return encoded;
  };
}
