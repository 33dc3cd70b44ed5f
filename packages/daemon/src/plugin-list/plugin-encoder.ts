/**
 * Plugins as JSON text. Plugins and lists of them are immutable, so that the text is cached as long as the value lives: a
 * thousand plugins are encoded once, and not for every request.
 */
import { hideSecrets, type Plugin, toPluginDocument } from '@outboard/engine';
import { encodeJson } from '../http/json.ts';

/** Encodes plugins, with a cache. */
export interface PluginEncoder {
  /** A plugin in Docker's form (Engine API v1.51, Plugin), with `***` in place of secrets. */
  one(plugin: Plugin): string;
  /** The same with secrets. */
  withSecrets(plugin: Plugin): string;
  /** A JSON array of them. */
  list(plugins: readonly Plugin[]): string;
}

/** Create an encoder with an empty cache. @param secretPatterns of names of settings; default the engine's */
export function createPluginEncoder(secretPatterns?: readonly string[]): PluginEncoder {
  const withSecrets = (plugin: Plugin) => encodeJson(toPluginDocument(plugin));
  const one = cacheByIdentity((plugin: Plugin) => withSecrets(hideSecrets(plugin, secretPatterns)));
  return {
    one,
    withSecrets,
    list: cacheByIdentity((plugins: readonly Plugin[]) => `[${plugins.map(one).join(',')}]`),
  };
}

function cacheByIdentity<Value extends object>(encode: (value: Value) => string): (value: Value) => string {
  const texts = new WeakMap<Value, string>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = encode(value);
    texts.set(value, text);
    return text;
  };
}
