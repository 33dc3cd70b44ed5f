/**
 * Files in the home directory of a user, who may change it at any instant, links included. So they are read and written by
 * short-lived processes of that user, which can do no more than the user can; a home directory that does not answer is
 * given up after 10 s.
 */
import { execFile } from 'node:child_process';
import { fromCallback } from '@outboard/async';
import { OutboardError } from '@outboard/oci';
import type { FileOwner } from './consumer-kind.ts';

const deadlineMs = 10_000;
/** Exit codes of `readScript`. */
const [missingCode, foreignCode] = [3, 4];

const readScript = `[ -e "$1" ] || [ -L "$1" ] || exit ${missingCode}
[ -f "$1" ] && [ ! -L "$1" ] || exit ${foreignCode}
exec head -c "$2" -- "$1"`;

/** The file is complete before it has its name. */
const writeScript = `set -e
umask 022
directory=\${1%/*}
mkdir -p -- "$directory"
new=$(mktemp -- "$directory/.outboard.XXXXXX")
trap 'rm -f -- "$new"' EXIT
cat > "$new"
chmod 644 -- "$new"
mv -fT -- "$new" "$1"`;

/**
 * Read a file.
 * @returns undefined when there is none that the user can see; `foreign` for a link, for anything but a file, and for a file
 *   that is larger
 * @throws {OutboardError} system
 */
export async function readUserFile(
  owner: FileOwner,
  path: string,
  maxBytes: number,
): Promise<Buffer | 'foreign' | undefined> {
  const { code, stdout } = await runAs(owner, { script: readScript, args: [path, String(maxBytes + 1)] });
  if (code === missingCode) return undefined;
  return code === foreignCode || stdout.length > maxBytes ? 'foreign' : stdout;
}

/** Write a file that everyone may read, with its directories. @throws {OutboardError} system */
export async function writeUserFile(
  owner: FileOwner,
  { path, content }: { readonly path: string; readonly content: string },
): Promise<void> {
  await runAs(owner, { script: writeScript, args: [path], input: content });
}

/** Remove a file. @throws {OutboardError} system */
export async function removeUserFile(owner: FileOwner, path: string): Promise<void> {
  await runAs(owner, { script: 'rm -f -- "$1"', args: [path] });
}

interface UserCommand {
  readonly script: string;
  readonly args: readonly string[];
  readonly input?: string | undefined;
}

async function runAs(
  { uid, gid }: FileOwner,
  { script, args, input = '' }: UserCommand,
): Promise<{ readonly code: number; readonly stdout: Buffer }> {
  const options = {
    // Supplementary groups are dropped with it.
    uid,
    gid,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    encoding: 'buffer',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    maxBuffer: 4 * 1024 * 1024,
  } as const;
  let result = { code: 0, stdout: Buffer.alloc(0) };
  await fromCallback((done) => {
    const child = execFile('/bin/sh', ['-c', script, 'sh', ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      const isAnswer = code === 0 || code === missingCode || code === foreignCode;
      if (!isAnswer) return done(failure(uid, error?.killed === true, stderr));
      result = { code, stdout };
      done();
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
  return result;
}

function failure(uid: number, isLate: boolean, stderr: Buffer): OutboardError {
  const said = stderr.toString().trim().slice(0, 1024) || 'it failed';
  const reason = isLate ? `no answer within ${deadlineMs / 1000} s` : said;
  return new OutboardError('system', `as the user ${uid}: ${reason}`);
}
