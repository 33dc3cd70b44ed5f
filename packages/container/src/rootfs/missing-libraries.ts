/**
 * Libraries of the system that make work on layers faster, for the doctor.
 */
import { loadIsal } from '../linux/isal.ts';
import { loadLibdeflate } from '../linux/libdeflate.ts';

/** Find the libraries that are not installed, or do not work. @returns the names that users know */
export function findMissingLibraries(): readonly string[] {
  return [
    ...(loadLibdeflate() === undefined ? ['libdeflate'] : []),
    ...(loadIsal() === undefined ? ['ISA-L'] : []),
  ];
}
