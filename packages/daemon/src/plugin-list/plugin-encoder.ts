/**
 * Plugins as JSON text. Plugins and lists of them are immutable, so that the text is cached as long as the value lives: a
 * thousand plugins are encoded once, and not for every request.
 */
import { hideSecrets, type Plugin, toPluginDocument } from '@outboard/engine';
import { encodeJson } from '../http/json.ts';
import { type DocumentPieces, encodeJsonList } from '../http/json-list.ts';

/** Encodes plugins, with a cache. */
export interface PluginEncoder {
  /** A plugin in Docker's form (Engine API v1.51, Plugin), with `***` in place of secrets. */
  one(plugin: Plugin): string;
  /** The same with secrets. */
  withSecrets(plugin: Plugin): string;
  /** A JSON array of them, with a newline. */
  list(plugins: readonly Plugin[]): Promise<DocumentPieces>;
}

/** Create an encoder with an empty cache. @param secretPatterns of names of settings; default the engine's */
export function createPluginEncoder(secretPatterns?: readonly string[]): PluginEncoder {
  const withSecrets = (plugin: Plugin) => encodeJson(toPluginDocument(plugin));
  const one = cacheByIdentity((plugin: Plugin) => withSecrets(hideSecrets(plugin, secretPatterns)));
  return {
    one,
    withSecrets,
    list: cacheByIdentity((plugins: readonly Plugin[]) => encodeJsonList(plugins, one)),
  };
}

function cacheByIdentity<Value extends object, Text>(encode: (value: Value) => Text): (value: Value) => Text {
  const texts = new WeakMap<Value, Text>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = encode(value);
    texts.set(value, text);
    return text;
  };
}
