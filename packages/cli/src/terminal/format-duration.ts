/**
 * Human-readable durations in Docker's form.
 * @see docker/go-units duration.go, HumanDuration
 */

/** Units with the number of hours from which they are used, largest first. */
const longUnits = [
  { from: 24 * 365 * 2, hours: 24 * 365, name: 'years' },
  { from: 24 * 30 * 2, hours: 24 * 30, name: 'months' },
  { from: 24 * 7 * 2, hours: 24 * 7, name: 'weeks' },
  { from: 48, hours: 24, name: 'days' },
  { from: 2, hours: 1, name: 'hours' },
] as const;

/** Format a duration. @param ms negative values, from clocks that differ, count as 0 */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  const unit = longUnits.find(({ from }) => hours >= from);
  return unit === undefined ? 'About an hour' : `${Math.floor(hours / unit.hours)} ${unit.name}`;
}
