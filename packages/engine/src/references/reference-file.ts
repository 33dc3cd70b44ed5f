/**
 * References to a plugin on disk: a file beside the plugin's record, deleted with the plugin.
 */
import { codec, JsonFile } from '@outboard/oci';
import { referenceCodec } from './plugin-references.ts';

const { exact, field, listOrEmpty, object, required } = codec;

/** Files of references. A damaged file is set aside. */
export const referenceFile = new JsonFile({
  subject: 'list of references',
  codec: exact(
    object({
      version: codec.constantField('Version', 1),
      references: field('Uses', required(listOrEmpty(exact(referenceCodec)))),
    }),
  ),
  isSealed: true,
  damage: 'set-aside',
});
