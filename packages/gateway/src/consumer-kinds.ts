/**
 * The table of the kinds of consumers. A new kind is a directory in `consumers` and its row here.
 */
import type { ConsumerKind } from './consumers/consumer-kind.ts';
import { dockerKind } from './consumers/docker/docker-kind.ts';
import type { OutboardCommand } from './consumers/nomad/host-volume-plugin.ts';
import { nomadKind } from './consumers/nomad/nomad-kind.ts';
import { podmanKind } from './consumers/podman/podman-kind.ts';

/** The parts of the kinds. */
export interface ConsumerKindsOptions {
  /** For programs that are written, to reach this daemon. */
  readonly command: OutboardCommand;
  /** Directory of the sockets of users. */
  readonly usersDirectory: string;
}

/** All kinds, as `outboard connect` names them. */
export function consumerKinds({ command, usersDirectory }: ConsumerKindsOptions): readonly ConsumerKind[] {
  return [podmanKind(usersDirectory), dockerKind(), nomadKind(command)];
}
