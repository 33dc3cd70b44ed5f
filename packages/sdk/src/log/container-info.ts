/**
 * Requests about logs: pure rules. Time is kept in nanoseconds, which dates of JavaScript cannot hold.
 */
import {
  flagField,
  integerField,
  type Message,
  malformed,
  requiredTextField,
  textField,
  textListField,
  textMapField,
} from '../wire/message.ts';
import type { LoggedContainer, LogSelection } from './log-driver.ts';

/** The container of a request. @throws {PluginError} 400 for malformed fields */
export function readContainer(info: Message): LoggedContainer {
  const created = nanoTime(info, 'ContainerCreated');
  return {
    id: requiredTextField(info, 'ContainerID'),
    name: textField(info, 'ContainerName'),
    entrypoint: textField(info, 'ContainerEntrypoint'),
    args: textListField(info, 'ContainerArgs'),
    imageId: textField(info, 'ContainerImageID'),
    imageName: textField(info, 'ContainerImageName'),
    createdAt: created === undefined ? undefined : new Date(Number(created / 1_000_000n)),
    env: textListField(info, 'ContainerEnv'),
    labels: textMapField(info, 'ContainerLabels'),
    options: textMapField(info, 'Config'),
    daemonName: textField(info, 'DaemonName'),
  };
}

/** Entries that a reader asks for. @throws {PluginError} 400 for malformed fields */
export function readSelection(config: Message): LogSelection {
  const tail = config.has('tail') ? integerField(config, 'Tail') : -1;
  return {
    sinceNano: nanoTime(config, 'Since'),
    untilNano: nanoTime(config, 'Until'),
    tail: tail < 0 ? undefined : tail,
    follow: flagField(config, 'Follow'),
  };
}

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Unix time in nanoseconds of an RFC 3339 time; undefined for Go's zero time, which is in year 1, and for a missing one. */
function nanoTime(message: Message, name: string): bigint | undefined {
  const text = textField(message, name);
  if (text === '' || text.startsWith('0001-')) return undefined;
  const [, seconds = '', fraction = '', zone = ''] = timePattern.exec(text) ?? [];
  const time = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(time)) throw malformed(`field "${name}" is not a time`);
  return BigInt(time) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
