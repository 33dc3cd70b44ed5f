/**
 * Synchronisation of the system clock, as the kernel knows it.
 * @see adjtimex(2)
 */
import { bindCall } from './libc.ts';

const adjustTime = bindCall<[timex: Uint8Array]>('int adjtimex(void *timex)');

/** Larger than `struct timex` on any architecture. Zero `modes` only query. */
const structureBytes = 512;
const unsynchronised = 5; // TIME_ERROR

/** True when a time service keeps the system clock synchronised; undefined when the kernel does not tell. */
export function isClockSynchronised(): boolean | undefined {
  const state = adjustTime(Buffer.alloc(structureBytes));
  return state < 0 ? undefined : state !== unsynchronised;
}
