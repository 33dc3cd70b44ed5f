/**
 * The table of the kinds of consumers. A new kind is a directory in `consumers` and its row here.
 */
import type { ConsumerKind } from './consumers/consumer-kind.ts';
import { podmanKind } from './consumers/podman/podman-kind.ts';

/** All kinds, as `outboard connect` names them. */
export const consumerKinds: readonly ConsumerKind[] = [podmanKind()];
