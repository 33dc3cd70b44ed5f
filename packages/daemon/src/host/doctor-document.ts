/**
 * The document of the host checks, for the API and `outboard daemon doctor`.
 */
import type { HostCheck } from '@outboard/engine';

/** Convert the checks. */
export function toDoctorDocument(checks: readonly HostCheck[]): object {
  return {
    Checks: checks.map(({ name, status, message, remedy }) => ({
      Name: name,
      Status: status,
      Message: message,
      Remedy: remedy,
    })),
  };
}
