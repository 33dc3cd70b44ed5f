/**
 * All operations on plugins and all events of the host, chosen at random. Random numbers are drawn when an operation is
 * chosen, so that one seed gives one sequence, however long each operation takes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { snapshotHost } from '../support/host-snapshot.ts';
import { type PerlPluginBehavior, perlPluginArchive } from '../support/perl-plugin.ts';
import {
  command,
  type OperationPlace,
  type Outcome,
  type Perform,
  pull,
  request,
  signalIfThere,
  upgrade,
} from './perform-operation.ts';

/** An operation with its arguments. */
export interface ChosenOperation extends Pick<Operation, 'endsDaemon' | 'mayBeCut'> {
  readonly told: string;
  readonly perform: Perform;
}

const pluginNames = ['ape', 'bee', 'cat', 'dog'];
/** Names of the volumes that operations create. */
export const volumeNames = ['red', 'green', 'blue'];

/** Random draws in sequence. */
interface Draw {
  number(): number;
  isTrue(probability: number): boolean;
  of<Value>(values: readonly Value[]): Value;
}

interface Operation {
  /** Weight among the others. */
  readonly weight: number;
  /** The command of `outboard` that it needs, if any; without the command it is left out. */
  readonly command?: string;
  readonly endsDaemon?: boolean;
  /** True if the response may be lost although the daemon lives. */
  readonly mayBeCut?: boolean;
  readonly choose: (draw: Draw) => Choice;
}

interface Choice {
  /** Its arguments. */
  readonly told?: string;
  readonly perform: Perform;
}

/** Choose the next operation. @param random as from `seededRandom` */
export function chooseOperation(random: () => number, commands: ReadonlySet<string>): ChosenOperation {
  const draw: Draw = {
    number: random,
    isTrue: (probability) => random() < probability,
    // The index is below the length, and no list here is empty.
    of: <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value,
  };
  const offered = Object.entries(operations).filter(
    ([, { command }]) => command === undefined || commands.has(command),
  );
  let left = random() * offered.reduce((sum, [, { weight }]) => sum + weight, 0);
  for (const [name, { weight, choose, endsDaemon = false, mayBeCut = false }] of offered) {
    left -= weight;
    if (left >= 0) continue;
    const { told = '', perform } = choose(draw);
    return { told: `${name} ${told}`.trim(), perform, endsDaemon, mayBeCut };
  }
  throw new Error('chance is 1 or more');
}

const operations: Readonly<Record<string, Operation>> = {
  create: onPlugin(20, (name, draw) => {
    const habit = draw.of<PerlPluginBehavior>(['plain', 'plain', 'plain', 'forks', 'mounts']);
    // Unique content: equal content would be shared.
    const archive = perlPluginArchive(habit, { Description: String(draw.number()) });
    return { told: habit, perform: request('POST', `/plugins/create?name=${name}`, archive) };
  }),
  pull: onPlugin(14, (name, draw) => {
    const version = draw.of(['v1', 'v2']);
    return { told: version, perform: pull(name, version) };
  }),
  'pull, client gone': {
    ...onPlugin(4, (name, draw) => {
      const goneAfterMs = Math.ceil(draw.number() * 60);
      return { told: `after ${goneAfterMs} ms`, perform: pull(name, 'v1', goneAfterMs) };
    }),
    mayBeCut: true,
  },
  enable: onPlugin(26, (name) => ({ perform: request('POST', `/plugins/${name}/enable?timeout=0`) })),
  disable: onPlugin(16, (name, draw) => {
    const query = `force=${draw.isTrue(0.7) ? 1 : 0}`;
    return { told: query, perform: request('POST', `/plugins/${name}/disable?${query}`) };
  }),
  set: onPlugin(6, (name, draw) => {
    const setting = `DEBUG=${draw.number()}`;
    return { perform: request('POST', `/plugins/${name}/set`, JSON.stringify([setting])) };
  }),
  upgrade: onPlugin(8, (name, draw) => {
    const version = draw.of(['v1', 'v2']);
    return { told: version, perform: upgrade(name, version) };
  }),
  remove: onPlugin(16, (name, draw) => {
    const query = `force=${draw.isTrue(0.7) ? 1 : 0}`;
    return { told: query, perform: request('DELETE', `/plugins/${name}?${query}`) };
  }),
  restart: onCommand(5, 'restart', (name) => ['restart', name]),
  hold: onPlugin(2, (name) => {
    const path = `/outboard/v1/plugins/${name}/uses`;
    return { perform: request('POST', path, '{"Holder":"someone"}') };
  }),
  'let go': onPlugin(3, (name) => {
    const path = `/outboard/v1/plugins/${name}/uses?holder=someone`;
    return { perform: request('DELETE', path) };
  }),
  'create volume': onPlugin(8, (name, draw) => {
    const Name = draw.of(volumeNames);
    const body = JSON.stringify({ Name, Driver: name });
    return { told: Name, perform: request('POST', '/volumes/create', body) };
  }),
  'remove volume': {
    weight: 6,
    choose(draw) {
      const name = draw.of(volumeNames);
      const query = `force=${draw.isTrue(0.3) ? 1 : 0}`;
      return { told: `${name} ${query}`, perform: request('DELETE', `/volumes/${name}?${query}`) };
    },
  },
  'list volumes': { weight: 3, choose: () => ({ perform: request('GET', '/volumes') }) },
  'collect garbage': { weight: 3, choose: () => ({ perform: request('POST', '/outboard/v1/gc') }) },
  'kill a plugin': killing(8, /^\d+ \/usr\/bin\/perl /),
  'kill a monitor': killing(6, /^\d+ \S*conmon /),
  'kill the daemon': endingDaemon(5, 'SIGKILL'),
  'stop the daemon': endingDaemon(4, 'SIGTERM'),
  exec: onCommand(4, 'exec', (name) => ['exec', name, '/bin/sh', '-c', 'echo $$']),
  'exec, client gone': onCommand(3, 'exec', (name) => ['exec', name, '/bin/sleep', '1000'], 600),
  'exec on a terminal': onCommand(2, 'exec', (name) => ['exec', '-t', name, '/bin/sh', '-c', 'tty; exit 3']),
  'exec on a terminal, client gone': onCommand(
    2,
    'exec',
    (name) => ['exec', '-t', name, '/bin/sleep', '9'],
    600,
  ),
  logs: onCommand(3, 'logs', (name) => ['logs', '--tail', '5', name]),
  'logs, client gone': onCommand(3, 'logs', (name) => ['logs', '-f', name], 600),
  top: onCommand(2, 'top', (name) => ['top', name]),
  stats: onCommand(2, 'stats', (name) => ['stats', '--no-stream', name]),
  update: onCommand(3, 'update', (name) => ['update', '--memory', '256m', '--pids-limit', '64', name]),
  wait: onCommand(2, 'wait', (name) => ['wait', '--timeout', '1', name]),
};

function onPlugin(weight: number, choose: (name: string, draw: Draw) => Choice): Operation {
  return {
    weight,
    choose(draw) {
      const name = draw.of(pluginNames);
      const { told = '', perform } = choose(name, draw);
      return { told: `${name} ${told}`, perform };
    },
  };
}

/** @param goneWithinMs the client is killed within this time; default never */
function onCommand(
  weight: number,
  commandName: string,
  args: (name: string) => readonly string[],
  goneWithinMs?: number,
): Operation {
  const operation = onPlugin(weight, (name, draw) => {
    if (goneWithinMs === undefined) return { perform: command(args(name)) };
    const goneAfterMs = Math.ceil(draw.number() * goneWithinMs);
    return { told: `after ${goneAfterMs} ms`, perform: command(args(name), goneAfterMs) };
  });
  return { ...operation, command: commandName, mayBeCut: goneWithinMs !== undefined };
}

/** Signal one process of the home. @param victims pid and command line of the candidates */
function killing(weight: number, victims: RegExp): Operation {
  return {
    weight,
    mayBeCut: true,
    choose(draw) {
      const which = draw.number();
      const signal = draw.of(['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGSEGV'] as const);
      return { told: signal, perform: (place) => killOne(place, victims, which, signal) };
    },
  };
}

async function killOne(
  { home }: OperationPlace,
  victims: RegExp,
  which: number,
  signal: NodeJS.Signals,
): Promise<Outcome> {
  const lines = snapshotHost(home).processes.filter((line) => victims.test(line));
  const line = lines[Math.floor(which * lines.length)];
  if (line !== undefined) signalIfThere(Number.parseInt(line, 10), signal);
  return { text: line ?? 'none to kill' };
}

/** End the daemon during concurrent operations. */
function endingDaemon(weight: number, signal: 'SIGKILL' | 'SIGTERM'): Operation {
  return {
    weight,
    endsDaemon: true,
    choose(draw) {
      const afterMs = Math.round(draw.number() * 120);
      const perform: Perform = async (place) => {
        await delay(afterMs);
        const code = await place.daemon.end(signal);
        return { text: `ended with ${code}` };
      };
      return { told: `after ${afterMs} ms`, perform };
    },
  };
}
