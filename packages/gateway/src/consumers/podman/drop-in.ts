/**
 * Podman's configuration of one volume plugin.
 * @see containers.conf(5), "ENGINE TABLE" and "ENGINE.VOLUME_PLUGINS TABLE"
 */
import type { ConnectablePlugin } from '../consumer-kind.ts';

/** The part of containers.conf for a plugin. @param timeout seconds for each call; absent where Podman lacks the key */
export function volumePluginTables(
  { alias, socket }: Pick<ConnectablePlugin, 'alias' | 'socket'>,
  timeout: number | undefined,
): string {
  const engine = timeout === undefined ? '' : `[engine]\nvolume_plugin_timeout = ${timeout}\n\n`;
  return `${engine}[engine.volume_plugins]\n${tomlKey(alias)} = ${tomlText(socket)}\n`;
}

/** A drop-in file for a plugin. @param undo command that removes it */
export function dropIn(plugin: ConnectablePlugin, timeout: number | undefined, undo: string): string {
  const origin = `# From Outboard, for its plugin ${JSON.stringify(plugin.name)}.\n# "${undo}" removes it.\n`;
  return `${origin}${volumePluginTables(plugin, timeout)}`;
}

/** @see https://toml.io/en/v1.0.0#keys */
function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlText(key);
}

/** A basic string. JSON escapes all that TOML wants escaped but DEL. @see https://toml.io/en/v1.0.0#string */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
