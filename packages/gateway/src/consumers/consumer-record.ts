/**
 * The connections on disk, and the files that were written for them: one file in the data root.
 */
import { codec, JsonFile, type ValueOf } from '@outboard/oci';
import { connectOptionsCodec, fileOwnerCodec } from './consumer-kind.ts';

const { exact, field, instant, listOrEmpty, nonEmptyText, object } = codec;

const connectionCodec = object({
  /** Kind, prefix and directory in one text. */
  key: field('Key', nonEmptyText),
  kind: field('Kind', nonEmptyText),
  options: field('Options', connectOptionsCodec),
  since: field('Since', instant),
});

const writtenFileCodec = object({
  path: field('Path', nonEmptyText),
  /** Digests of all contents that it may have: the old and the new one during a change. */
  digests: field('Digests', listOrEmpty(codec.digest)),
  pluginId: field('Plugin', nonEmptyText),
  /** The user who wrote it; absent for root. */
  owner: codec.optionalField('Owner', fileOwnerCodec),
  /** Keys of the connections that need it. */
  connections: field('Connections', listOrEmpty(nonEmptyText)),
});

const recordCodec = exact(
  object({
    version: codec.constantField('Version', 1),
    connections: field('Connections', listOrEmpty(connectionCodec)),
    files: field('Files', listOrEmpty(writtenFileCodec)),
    /** Directories that were made, parents first. */
    directories: field('Directories', listOrEmpty(nonEmptyText)),
  }),
);

/** A connection as it is recorded. */
export type Connection = ValueOf<typeof connectionCodec>;

/** A file that was written. */
export type WrittenFile = ValueOf<typeof writtenFileCodec>;

/** All that is recorded. */
export type ConsumerRecord = Pick<ValueOf<typeof recordCodec>, 'connections' | 'files' | 'directories'>;

/** Nothing is connected. */
export const emptyRecord: ConsumerRecord = { connections: [], files: [], directories: [] };

/** The file. A damaged one is set aside. */
export const consumerRecordFile = new JsonFile({
  subject: 'record of connections',
  codec: recordCodec,
  isSealed: true,
  damage: 'set-aside',
});
