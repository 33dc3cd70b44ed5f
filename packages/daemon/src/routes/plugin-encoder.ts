/**
 * Plugins as JSON text. A plugin is an immutable value, so its text is kept for as long as the value lives: a list of
 * a thousand plugins is then joined, not encoded.
 */
import { type Plugin, toPluginDocument } from '@outboard/engine';
import { encodeJson } from '../http/json.ts';

/** @returns a function that encodes a plugin in Docker's form (Engine API v1.51, Plugin) */
export function createPluginEncoder(): (plugin: Plugin) => string {
  const texts = new WeakMap<Plugin, string>();
  return (plugin) => {
    const known = texts.get(plugin);
    if (known !== undefined) return known;
    const text = encodeJson(toPluginDocument(plugin));
    texts.set(plugin, text);
    return text;
  };
}
