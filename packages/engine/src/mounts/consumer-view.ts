/**
 * The mounts of the host as a consumer sees them. A consumer takes a path for granted and binds it: in a mount namespace
 * that does not get the mounts of the host, the path is an empty directory, and the data goes to the host's disk.
 * @see mount_namespaces(7)
 */
import { hostMounts } from '@outboard/container';
import { OutboardError } from '@outboard/oci';
import { type Consumer, isGone, showConsumer } from '../references/consumer.ts';

/**
 * Check that a path on the host leads a consumer to the same file system. A consumer whose process or mounts are not known
 * passes.
 * @throws {OutboardError} conflict, code `mount-not-visible`
 */
export async function requireVisibleTo(consumer: Consumer, hostPath: string): Promise<void> {
  const { pid } = consumer;
  if (pid === undefined || isGone(consumer)) return;
  const [own, other] = await Promise.all([hostMounts.read(), hostMounts.read(pid).catch(() => undefined)]);
  // Mount IDs are unique in the kernel: a common one tells of a common namespace.
  const ids = new Set(own.map(({ id }) => id));
  if (other === undefined || other.some(({ id }) => ids.has(id))) return;
  const path = Buffer.from(hostPath, 'utf8').toString('latin1');
  const [wanted, seen] = [hostMounts.lookUp(own)(path), hostMounts.lookUp(other)(path)];
  if (wanted === undefined || seen?.device === wanted.device || isGone(consumer)) return;
  const message =
    `${JSON.stringify(hostPath)} is another file system for ${showConsumer(consumer)}, whose mount namespace does not ` +
    'get the mounts of the host: run it in the namespace of the host, or in one with slave propagation';
  throw new OutboardError('conflict', message, { code: 'mount-not-visible' });
}
