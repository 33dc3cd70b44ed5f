/**
 * The shape of what the doctor says.
 */
import type { HostCheck } from '@outboard/engine';

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
