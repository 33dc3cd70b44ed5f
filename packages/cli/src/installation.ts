/**
 * Paths of files of this installation that are not modules. This file must stay directly in `src/`: its relative paths
 * have the same depth in the bundle.
 */
import { fileURLToPath } from 'node:url';

/** The program `outboard`, for the command line and the daemon. */
export const programFile = fileURLToPath(new URL('../../../bin/outboard', import.meta.url));

/** Directory of the templates of systemd unit files. */
export const unitDirectory = fileURLToPath(new URL('../../../packaging/systemd', import.meta.url));
