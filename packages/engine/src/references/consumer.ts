/**
 * Consumers: the processes outside of the engine that use volumes and plugins, as operators know them. A consumer is
 * noted once, at its connection: later its process may be gone, and its pid another process.
 */
import type { Socket } from 'node:net';
import { describeProcess, isSameProcess, readPeerCredentials } from '@outboard/container';
import { codec, hasHiddenCharacters, type ValueOf } from '@outboard/oci';

const shown = (most: number) =>
  codec.textThat(
    (text) => text.length <= most && !hasHiddenCharacters(text),
    `at most ${most} printable characters`,
    ['web'],
  );

/** The table of a consumer, on disk and in the API. Every field is absent when it cannot be told. */
export const consumerCodec = codec.object({
  /** In the pid namespace of the engine. */
  pid: codec.optionalField('Pid', codec.wholeNumber(1, 0x7fff_ffff)),
  /** Clock ticks after boot; with the pid it identifies a process of one boot. */
  startTime: codec.optionalField('StartTime', codec.textLike(/^\d{1,20}$/, ['2344421'])),
  /** Name that the program chose for itself, hidden characters escaped. */
  program: codec.optionalField('Program', shown(128)),
  uid: codec.optionalField('Uid', codec.wholeNumber(0, 0xffff_ffff)),
  /** Systemd unit of the process. */
  unit: codec.optionalField('Unit', shown(255)),
  /** ID of the container of the process. */
  container: codec.optionalField('Container', codec.textLike(/^[0-9a-f]{64}$/, ['3f2a'.repeat(16)])),
  /** True: its process ends before its use does, as that of a command in a script; only a call ends the use. */
  isByHand: codec.fieldUnlessEmpty('ByHand', codec.flag),
});

/** A process that uses a volume or a plugin. */
export type Consumer = ValueOf<typeof consumerCodec>;

/** Choices of `consumerOf()` and `describeConsumer()`. */
export interface ConsumerOptions {
  /** See `Consumer.isByHand`; default false. */
  readonly isByHand?: boolean | undefined;
}

/**
 * The consumer at the other end of a unix socket. Cheap; constant for a connection, so read it once.
 * @returns without any detail for TCP, and for a process that this pid namespace does not show
 */
export function consumerOf(socket: Socket, options: ConsumerOptions = {}): Consumer {
  const { pid, uid } = readPeerCredentials(socket) ?? {};
  const described = pid === undefined ? describeNobody(options) : describeConsumer(pid, options);
  return uid === undefined ? described : { ...described, uid };
}

/** The consumer with a pid, as far as it can be told. */
export function describeConsumer(pid: number, options: ConsumerOptions = {}): Consumer {
  const nobody = describeNobody(options);
  const found = describeProcess(pid);
  // Gone already: its pid is shown, and may soon be that of another process.
  if (found === undefined) return { ...nobody, pid };
  const { startTime, program, unit, container } = found;
  return {
    ...nobody,
    pid,
    startTime,
    ...(program === '' ? {} : { program }),
    ...(unit === undefined ? {} : { unit }),
    ...(container === undefined ? {} : { container }),
  };
}

function describeNobody({ isByHand = false }: ConsumerOptions): Consumer {
  return { isByHand };
}

/** True when the process has ended. False for a consumer without a known process. */
export function isGone({ pid, startTime }: Pick<Consumer, 'pid' | 'startTime'>): boolean {
  if (pid === undefined) return false;
  return startTime === undefined || !isSameProcess({ pid, startTime });
}

/** Digits of a container's ID that are shown, as Docker and Podman show them. */
const shownIdLength = 12;

/**
 * The consumer in one word: its program, else `a process`; '' when nothing is known. A program chooses its own name: the
 * details identify it.
 */
export function describeUser({ pid, program }: Consumer): string {
  return program ?? (pid === undefined ? '' : 'a process');
}

/**
 * Process, unit and container, such as `pid 812`, `unit web.service` and `container 3f2a5b1c9d0e`. The process of a
 * consumer by hand is not shown: it has ended, and nobody misses it.
 */
export function consumerDetails(consumer: Consumer): readonly string[] {
  const { pid, unit, container, isByHand } = consumer;
  const process = isByHand || pid === undefined ? [] : [`pid ${pid}`];
  return [
    ...process,
    ...(unit === undefined ? [] : [`unit ${unit}`]),
    ...(container === undefined ? [] : [`container ${container.slice(0, shownIdLength)}`]),
    ...(process.length > 0 && isGone(consumer) ? ['process gone'] : []),
  ];
}

/**
 * A consumer for operators, such as `podman (pid 812, unit web.service, container 3f2a5b1c9d0e)`.
 * @returns '' when nothing is known
 */
export function showConsumer(consumer: Consumer): string {
  const details = consumerDetails(consumer).join(', ');
  if (consumer.isByHand || consumer.program === undefined) return details;
  return details === '' ? consumer.program : `${consumer.program} (${details})`;
}
