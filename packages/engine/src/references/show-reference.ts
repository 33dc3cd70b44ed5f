/**
 * References in one line, for refusals, lists and logs.
 */
import { escapeHidden } from '@outboard/oci';
import { consumerDetails, describeUser } from './consumer.ts';
import type { PluginReference } from './plugin-references.ts';

/**
 * Such as `volume data (since 2026-08-01T12:00:00.000Z)`, or
 * `volume data mounted by podman (pid 812, container 3f2a5b1c9d0e, since 2026-08-01T12:00:00.000Z)`.
 */
export function showReference(reference: PluginReference): string {
  const { since, note, consumer = { isByHand: false } } = reference;
  const subject = showSubject(reference);
  const details = [
    ...(note === undefined ? [] : [note]),
    ...consumerDetails(consumer),
    `since ${since.toISOString()}`,
  ];
  return `${subject} (${details.join(', ')})`;
}

function showSubject(reference: PluginReference): string {
  const { kind, holder, consumer } = reference;
  const user = consumer === undefined ? '' : describeUser(consumer);
  switch (kind) {
    case 'mount':
      return showMount(reference);
    case 'log':
      return `log ${escapeHidden(shorten(holder))}${user === '' ? '' : ` written by ${user}`}`;
    case 'stream':
      return `stream ${escapeHidden(holder.slice(0, holder.lastIndexOf('/')))}${user === '' ? '' : ` to ${user}`}`;
    default:
      return `${kind} ${escapeHidden(holder)}`;
  }
}

/** The volume and the ID of a mount. A name of a volume may contain slashes, an ID may not. */
export function partsOfMount({ holder }: Pick<PluginReference, 'holder'>): {
  readonly volume: string;
  readonly id: string;
} {
  const slash = holder.lastIndexOf('/');
  return { volume: holder.slice(0, Math.max(0, slash)), id: holder.slice(slash + 1) };
}

function showMount(reference: PluginReference): string {
  const { volume, id } = partsOfMount(reference);
  const { consumer } = reference;
  const mounted = `volume ${escapeHidden(volume)} mounted`;
  if (consumer?.isByHand === true) return `${mounted} by hand for ${escapeHidden(id)}`;
  const user = consumer === undefined ? '' : describeUser(consumer);
  return user === '' ? `${mounted} with ID ${escapeHidden(shorten(id))}` : `${mounted} by ${user}`;
}

/** IDs of Docker and Podman are 64 hex digits, of which the first tell enough. */
function shorten(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? `${id.slice(0, 12)}…` : id;
}
