/**
 * Plugins as JSON text. A plugin is an immutable value, and so is a list of them, so their text is kept for as long as
 * the value lives: a thousand plugins are encoded once, not for every client that lists them.
 */
import { type Plugin, toPluginDocument } from '@outboard/engine';
import { encodeJson } from '../http/json.ts';

export interface PluginEncoder {
  /** A plugin in Docker's form (Engine API v1.51, Plugin). */
  one(plugin: Plugin): string;
  /** A JSON array of them. */
  list(plugins: readonly Plugin[]): string;
}

export function createPluginEncoder(): PluginEncoder {
  const one = remember((plugin: Plugin) => encodeJson(toPluginDocument(plugin)));
  return { one, list: remember((plugins: readonly Plugin[]) => `[${plugins.map(one).join(',')}]`) };
}

function remember<Value extends object>(encode: (value: Value) => string): (value: Value) => string {
  const texts = new WeakMap<Value, string>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = encode(value);
    texts.set(value, text);
    return text;
  };
}
