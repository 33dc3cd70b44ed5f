/**
 * The time that packages give their files.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Seconds since the epoch: `SOURCE_DATE_EPOCH`, else the time of the commit, else the day of the newest release in
 * CHANGELOG.md, for sources without a git repository.
 *
 * @returns {number}
 * @throws {Error} if the variable is no number, or no source tells a time
 * @see https://reproducible-builds.org/specs/source-date-epoch/
 */
export function sourceDate() {
  const wanted = process.env.SOURCE_DATE_EPOCH;
  if (wanted !== undefined) {
    if (!/^\d{1,10}$/.test(wanted))
      throw new Error(`SOURCE_DATE_EPOCH is "${wanted}": it must be a number of seconds`);
    return Number(wanted);
  }
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  if (status === 0) return Number(stdout.trim());
  const day = /^## .*(\d{4}-\d{2}-\d{2})/m.exec(readFileSync(`${root}/CHANGELOG.md`, 'utf8'))?.[1];
  if (day === undefined) throw new Error('no time of the sources: set SOURCE_DATE_EPOCH');
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}
