/**
 * Progress for pipes and files: one line for each event, without intermediate counts.
 * @see moby pkg/jsonmessage/jsonmessage.go, Display (28.x): lines with a count are left out
 */
import type { OutputStream } from '../command-host.ts';
import type { ProgressLine } from './progress-line.ts';
import type { ProgressView } from './progress-view.ts';
import { describePushed } from './pushed.ts';

/** A view that prints lines. */
export function createPlainProgress(output: OutputStream): ProgressView {
  return {
    show(line) {
      const text = describe(line);
      if (text !== undefined) output.write(`${text}\n`);
    },
  };
}

function describe(line: ProgressLine): string | undefined {
  switch (line.kind) {
    case 'message':
      return line.id === '' ? line.status : `${line.id}: ${line.status}`;
    case 'step':
      return line.current > 0 || line.total > 0 ? undefined : `${line.id}: ${line.status}`;
    case 'pushed':
      return describePushed(line);
    case 'other':
      return undefined;
  }
}
