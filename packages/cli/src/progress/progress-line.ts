/**
 * One line of a progress stream.
 * @see moby pkg/jsonmessage/jsonmessage.go (28.x)
 */

import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import { escapeText } from '../terminal/escape-text.ts';

/** A parsed line. Its texts are escaped. */
export type ProgressLine =
  | { readonly kind: 'message'; readonly id: string; readonly status: string }
  | {
      /** Progress of one item, such as a layer, drawn in its row. */
      readonly kind: 'step';
      /** ID of the item. */
      readonly id: string;
      readonly status: string;
      /** Bytes done; 0 if unknown. */
      readonly current: number;
      /** Bytes in all; 0 if unknown. */
      readonly total: number;
    }
  | { readonly kind: 'pushed'; readonly tag: string; readonly digest: string; readonly size: number }
  /** Other data, which this client ignores. */
  | { readonly kind: 'other' };

/** Parse a line. @throws {CommandError} with the daemon's reason if it reports a failure; if it is not JSON */
export function parseProgressLine(text: string): ProgressLine {
  const line = parseJson(text);
  const errorDetail = field(line, 'errorDetail');
  if (errorDetail !== undefined && errorDetail !== null) {
    throw new CommandError(asText(field(errorDetail, 'message')) || 'the daemon failed without a reason');
  }
  const aux = field(line, 'aux');
  if (aux !== undefined && aux !== null) return parseAux(aux);
  const id = escapeText(asText(field(line, 'id')));
  const status = escapeText(asText(field(line, 'status')));
  const detail = field(line, 'progressDetail');
  if (id === '' || detail === undefined || detail === null) return { kind: 'message', id, status };
  return {
    kind: 'step',
    id,
    status,
    current: toCount(field(detail, 'current')),
    total: toCount(field(detail, 'total')),
  };
}

/** Read the result of a push, with the digest of the manifest. */
function parseAux(aux: unknown): ProgressLine {
  const tag = asText(field(aux, 'Tag'));
  const digest = asText(field(aux, 'Digest'));
  if (tag === '' || digest === '') return { kind: 'other' };
  return {
    kind: 'pushed',
    tag: escapeText(tag),
    digest: escapeText(digest),
    size: toCount(field(aux, 'Size')),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError('the daemon sent progress that is not JSON', { cause: error });
  }
}

function toCount(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
