/**
 * Choice of the Docker Engine API version.
 */
import { CommandError } from '../command-error.ts';

/** Highest version that this client supports. No plugin route changed between 1.26 and this one. */
export const maxApiVersion = '1.51';
/** First version with plugin routes. */
const minApiVersion = '1.25';
/** Version of a daemon that sends no `Api-Version`, as in Docker's client. */
const unnamedVersion = '1.24';

/** Inputs of the choice. */
export interface ApiVersionFacts {
  /** DOCKER_API_VERSION; overrides the negotiation. */
  readonly fixed?: string | undefined;
  /** The daemon's `Api-Version` header, its highest version. */
  readonly offered?: string | string[] | undefined;
}

/**
 * The lower of the client's and the daemon's highest version.
 * @throws {CommandError} if it is below the first version with plugins, or malformed
 */
export function chooseApiVersion({ fixed, offered = unnamedVersion }: ApiVersionFacts): string {
  const version = fixed ?? lowerOf(String(offered), maxApiVersion);
  if (!isVersion(version))
    throw new CommandError(`invalid API version "${version}": it must be like ${maxApiVersion}`);
  if (compare(version, minApiVersion) < 0) {
    throw new CommandError(
      `plugins need API version ${minApiVersion}, but the daemon's API version is ${version}`,
    );
  }
  return version;
}

function lowerOf(left: string, right: string): string {
  return isVersion(left) && compare(left, right) > 0 ? right : left;
}

function isVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}$/.test(text);
}

/** Order of two well-formed versions. */
function compare(left: string, right: string): number {
  const [leftMajor = 0, leftMinor = 0] = left.split('.').map(Number);
  const [rightMajor = 0, rightMinor = 0] = right.split('.').map(Number);
  return leftMajor - rightMajor || leftMinor - rightMinor;
}
