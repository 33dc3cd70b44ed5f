/**
 * One line of a progress stream.
 * @see moby pkg/jsonmessage/jsonmessage.go (28.x)
 */

import { CommandError } from '../command-error.ts';
import { asText, field } from '../json-field.ts';
import { escapeText } from '../terminal/escape-text.ts';

/** Texts are escaped already. */
export type ProgressLine =
  | { readonly kind: 'message'; readonly id: string; readonly status: string }
  | {
      /** Step of one part of the work, drawn in that part's row. */
      readonly kind: 'step';
      readonly id: string;
      readonly status: string;
      /** Bytes done; 0 if unknown. */
      readonly current: number;
      /** Bytes in all; 0 if unknown. */
      readonly total: number;
    }
  | { readonly kind: 'pushed'; readonly tag: string; readonly digest: string; readonly size: number }
  /** Out-of-band facts that mean nothing to this client. */
  | { readonly kind: 'other' };

/**
 * @throws {CommandError} if the line tells that the operation failed, with the daemon's reason; or if it is not JSON
 */
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

/** What Docker's `push` tells of a manifest. */
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
