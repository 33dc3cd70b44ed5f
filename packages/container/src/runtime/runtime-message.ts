/**
 * Extracts readable messages from the output of OCI runtimes. runc logs `time="…" level=error msg="…"`, crun mostly
 * plain text.
 */

const maxMessageLength = 2048;

/** The message of the last error record, or else the last line. Empty when there is no output. */
export function readRuntimeMessage(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.map(errorRecord).filter((message) => message !== undefined);
  const message = errors.at(-1) ?? lines.at(-1) ?? '';
  // Control characters would break the error into several lines.
  return message
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxMessageLength);
}

function errorRecord(line: string): string | undefined {
  const quoted = /\blevel=(?:error|fatal)\b.*?\bmsg=("(?:[^"\\]|\\.)*")/.exec(line)?.[1];
  if (quoted !== undefined) return unquote(quoted);
  return /\blevel=(?:error|fatal)\b.*?\bmsg=(\S+)/.exec(line)?.[1];
}

/** For messages of runtimes Go's quoting equals JSON's; other text is kept as it is. */
function unquote(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : quoted;
  } catch {
    return quoted;
  }
}
