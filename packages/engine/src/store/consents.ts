/**
 * Record of consents: the privileges that were granted to a manifest, and when. It outlives the plugin, so that an
 * installation of the same content can say that it was agreed to before. It never grants anything.
 */
import { join } from 'node:path';
import { createKeyedQueue } from '@outboard/async';
import { codec, type Digest, isOutboardError, JsonFile, type ValueOf } from '@outboard/oci';
import type { Logger } from 'pino';
import { type Privilege, privilegeCodec } from '../config/plugin-config.ts';
import type { StateFiles } from './damaged-file.ts';
import { clearUnfinishedWrites, reportUnflushed } from './report-unflushed.ts';

const { field, listOrEmpty, object } = codec;

const consentCodec = object({
  digest: field('Manifest', codec.digest),
  grantedAt: field('GrantedAt', codec.instant),
  privileges: field('Privileges', listOrEmpty(privilegeCodec)),
});

/** One consent, the last one for its manifest. */
export type Consent = ValueOf<typeof consentCodec>;

const consentFile = new JsonFile({
  subject: 'record of consents',
  codec: object({ consents: field('Consents', listOrEmpty(consentCodec)) }),
  isSealed: true,
  damage: 'set-aside',
});

/** Upper bound of consents that are kept; the oldest go. */
const maxConsents = 1000;

/** The consents of a data root. */
export interface Consents extends StateFiles {
  /** The last consent for this manifest. */
  find(digest: Digest): Consent | undefined;
  /** Keep a consent. @throws {OutboardError} system */
  remember(digest: Digest, privileges: readonly Privilege[]): Promise<void>;
}

/**
 * Open the record of consents.
 * @param dataRoot holds `consents.json`; a damaged file is renamed and left out
 */
export async function openConsents(dataRoot: string, logger: Logger): Promise<Consents> {
  const path = join(dataRoot, 'consents.json');
  const queue = createKeyedQueue();
  const onUnflushed = reportUnflushed(logger);
  await clearUnfinishedWrites(dataRoot, logger);
  let known: ReadonlyMap<Digest, Consent> = byDigest(await readConsents(path, logger));
  return {
    find: (digest) => known.get(digest),
    async findDamaged() {
      const reason = known.size === 0 ? undefined : await findProblem(path);
      if (reason === undefined) return [];
      const rewrite = () =>
        queue.run(path, () => consentFile.commit(path, { consents: [...known.values()] }, onUnflushed));
      return [{ path, problem: reason, rewrite }];
    },
    remember: (digest, privileges) =>
      queue.run(path, async () => {
        const others = [...known.values()].filter((consent) => consent.digest !== digest);
        const consents = [...others, { digest, grantedAt: new Date(), privileges }].slice(-maxConsents);
        await consentFile.commit(path, { consents }, onUnflushed);
        known = byDigest(consents);
      }),
  };
}

async function findProblem(path: string): Promise<string | undefined> {
  const reason = await consentFile.inspect(path);
  if (reason !== undefined) return `the record of consents is damaged: ${reason}`;
  return (await consentFile.read(path)) === undefined ? 'the record of consents is missing' : undefined;
}

function byDigest(consents: readonly Consent[]): ReadonlyMap<Digest, Consent> {
  return new Map(consents.map((consent) => [consent.digest, consent]));
}

async function readConsents(path: string, logger: Logger): Promise<readonly Consent[]> {
  try {
    return (await consentFile.read(path))?.consents ?? [];
  } catch (error) {
    if (!isOutboardError(error, 'system')) throw error;
    logger.error({ err: error, path }, 'record of consents left out');
    return [];
  }
}
