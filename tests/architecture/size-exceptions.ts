/**
 * Functions and files above the limits of `check-sizes.ts`, until they are cut.
 */
export const sizeExceptions: readonly string[] = [];
