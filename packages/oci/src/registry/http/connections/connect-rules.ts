/**
 * Constants shared by the code that connects and the code that explains failures.
 */

/** Time limit for connecting, TLS included, in milliseconds. */
export const connectTimeoutMs = 15_000;

/** Error code for a host name whose addresses are all out of reach. */
export const outOfReachCode = 'OUT_OF_REACH';
