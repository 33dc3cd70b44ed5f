/**
 * The table of the kinds of consumers. A new kind is a directory in `consumers` and its row here.
 */
import type { ConsumerKind } from './consumers/consumer-kind.ts';
import { dockerKind } from './consumers/docker/docker-kind.ts';
import type { OutboardCommand } from './consumers/nomad/host-volume-plugin.ts';
import { nomadKind } from './consumers/nomad/nomad-kind.ts';
import { podmanKind } from './consumers/podman/podman-kind.ts';

/** All kinds, as `outboard connect` names them. @param command for programs that are written, to reach this daemon */
export function consumerKinds(command: OutboardCommand): readonly ConsumerKind[] {
  return [podmanKind(), dockerKind(), nomadKind(command)];
}
