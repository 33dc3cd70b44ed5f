/**
 * Refuses hosts that the operator blocked.
 */
import { OutboardError } from '../../../errors/outboard-error.ts';

/**
 * Refuse a host before anything is sent to it.
 * @param subject what was asked for, such as `registry.example/acme/p`
 * @param blockedBy the entry that blocks it; undefined for none
 * @throws {OutboardError} forbidden, code `registry-blocked`
 */
export function refuseBlocked(subject: string, blockedBy: string | undefined): void {
  if (blockedBy === undefined) return;
  throw new OutboardError('forbidden', `${subject} is blocked on this host by ${blockedBy}`, {
    code: 'registry-blocked',
  });
}
