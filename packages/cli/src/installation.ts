/**
 * Where the parts of this installation lie that are no modules. This file stays at the top of its folder, so that paths
 * relative to it hold for the sources and for the bundle.
 */
import { fileURLToPath } from 'node:url';

/** The program that runs both the command line and the daemon. */
export const programFile = fileURLToPath(new URL('../../../bin/outboard', import.meta.url));

/** The unit files of systemd. */
export const unitFolder = fileURLToPath(new URL('../../../packaging/systemd', import.meta.url));
