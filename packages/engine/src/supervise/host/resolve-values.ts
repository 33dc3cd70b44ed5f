/**
 * Reads the values of variables from their sources. A value goes into the environment of the plugin's process and nowhere
 * else: it is in no error and in no log.
 */
import type { Cancellable } from '@outboard/async';
import { readHostFile, runProgram } from '@outboard/container';
import { isOutboardError, OutboardError, showValue } from '@outboard/oci';
import type { PluginSettings } from '../../config/plugin-config.ts';
import { maxValueBytes } from '../../config/settings.ts';
import {
  locateValue,
  parseValueSource,
  type ValueSource,
  type ValueSurroundings,
} from '../../config/value-source.ts';

/** Time limit of a command in milliseconds. */
const commandTimeoutMs = 10_000;

/**
 * Resolve the environment of a plugin.
 * @returns `NAME=VALUE`, in the order of the settings
 * @throws {OutboardError} system with the setting and its source when a value cannot be read; the reason of the signal
 */
export async function resolveEnvironment(
  settings: PluginSettings,
  surroundings: ValueSurroundings,
  options: Cancellable,
): Promise<readonly string[]> {
  const sourced = new Set(settings.sourced);
  const resolved: string[] = [];
  for (const entry of settings.env) {
    const name = entry.slice(0, entry.indexOf('='));
    const text = entry.slice(name.length + 1);
    resolved.push(sourced.has(name) ? `${name}=${await resolve(name, text, surroundings, options)}` : entry);
  }
  return resolved;
}

async function resolve(
  name: string,
  text: string,
  surroundings: ValueSurroundings,
  options: Cancellable,
): Promise<string> {
  try {
    return checkValue(await readSource(parseValueSource(text, name), surroundings, options));
  } catch (error) {
    if (!isOutboardError(error)) throw error;
    throw new OutboardError(
      'system',
      `cannot start the plugin: setting ${showValue(name)} comes from ${showValue(text)}: ${error.message}`,
      { cause: error },
    );
  }
}

async function readSource(
  source: ValueSource,
  surroundings: ValueSurroundings,
  options: Cancellable,
): Promise<string> {
  const place = locateValue(source, surroundings);
  switch (place.kind) {
    case 'file':
      return withoutNewline(await readHostFile(place.path, { ...options, maxBytes: maxValueBytes + 1 }));
    case 'value':
      return place.value;
    case 'command':
      return withoutNewline(await readOutput(place.program, place.args, options));
  }
}

/** Its standard error may hold secrets, and is not shown. */
async function readOutput(program: string, args: readonly string[], options: Cancellable): Promise<string> {
  const { code, stdout } = await runProgram(program, args, { ...options, timeoutMs: commandTimeoutMs });
  if (code === 0) return stdout;
  throw refuse(code === null ? 'the command was ended by a signal' : `the command exited with code ${code}`);
}

/** Editors and `echo` end a file with a newline, which is not part of the value. */
function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

function checkValue(value: string): string {
  if (value.includes('\0')) throw refuse('the value contains NUL');
  // The decoder puts U+FFFD in place of bytes that are not UTF-8.
  if (value.includes('\ufffd')) throw refuse('the value is not UTF-8');
  if (Buffer.byteLength(value) > maxValueBytes)
    throw refuse(`the value is longer than ${maxValueBytes} bytes`);
  return value;
}

function refuse(reason: string): OutboardError {
  return new OutboardError('system', reason);
}
