/**
 * What the code that connects and the code that explains failures have to agree on.
 */

/** Time to connect, TLS included, in milliseconds. */
export const connectTimeoutMs = 15_000;

/** Code of the error for a name whose addresses are all out of reach. */
export const outOfReachCode = 'OUT_OF_REACH';
