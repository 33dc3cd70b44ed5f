/**
 * What the kernel knows of its clock.
 * @see adjtimex(2)
 */
import { bindCall } from './libc.ts';

const adjustTime = bindCall<[timex: Uint8Array]>('int adjtimex(void *timex)');

/** More than `struct timex` has on any architecture. Its `modes` of 0 asks and changes nothing. */
const structureBytes = 512;
const unsynchronised = 5; // TIME_ERROR

/** Whether a time service keeps the clock right; undefined when the kernel does not tell. */
export function isClockSynchronised(): boolean | undefined {
  const state = adjustTime(Buffer.alloc(structureBytes));
  return state < 0 ? undefined : state !== unsynchronised;
}
