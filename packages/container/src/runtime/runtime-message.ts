/**
 * What an OCI runtime said, made readable. runc logs `time="…" level=error msg="…"`, crun plain text or the like.
 */

const maxMessageLength = 2048;

/**
 * One line out of the runtime's error output: the message of its last error record, or else its last line.
 * Empty when it said nothing.
 */
export function readRuntimeMessage(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.map(errorRecord).filter((message) => message !== undefined);
  const message = errors.at(-1) ?? lines.at(-1) ?? '';
  // Control characters would break the one line that an error is.
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

/** Go's quoting is JSON's for what runtimes print; text that is not is kept as it came. */
function unquote(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : quoted;
  } catch {
    return quoted;
  }
}
