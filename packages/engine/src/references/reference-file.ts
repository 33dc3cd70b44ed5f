/**
 * References to a plugin on disk: a file beside the plugin's record, deleted with the plugin.
 */
import { JsonFile } from '@outboard/oci';
import * as z from 'zod';
import { isHolder, type PluginReference, referenceKinds } from './plugin-references.ts';

const version = 1;

const referenceDocument = z.strictObject({
  Version: z.literal(version),
  Uses: z.array(
    z.strictObject({
      Kind: z.enum(referenceKinds),
      Holder: z.string().refine(isHolder),
      Since: z.iso.datetime().transform((text) => new Date(text)),
    }),
  ),
});

/** Files of references. A damaged file is set aside. */
export const referenceFile = new JsonFile<readonly PluginReference[]>({
  subject: 'list of references',
  isSealed: true,
  damage: 'set-aside',
  encode: (references) => ({
    Version: version,
    Uses: references.map(({ kind, holder, since }) => ({
      Kind: kind,
      Holder: holder,
      Since: since.toISOString(),
    })),
  }),
  decode: (document) =>
    referenceDocument.parse(document).Uses.map(({ Kind, Holder, Since }) => ({
      kind: Kind,
      holder: Holder,
      since: Since,
    })),
});
