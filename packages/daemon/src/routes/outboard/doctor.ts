/**
 * `GET /outboard/v1/doctor`: checks whether this host can run plugins.
 */
import type { HostCheck } from '@outboard/engine';
import { toDoctorDocument } from '../../host/doctor-document.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Route } from '../../http/route-table.ts';

/**
 * Returns the checks.
 * @param diagnose checks the host at each call
 */
export function doctorRoute(diagnose: () => Promise<readonly HostCheck[]>): Route {
  return {
    method: 'GET',
    path: '/outboard/v1/doctor',
    handle: async () => jsonReply(200, toDoctorDocument(await diagnose())),
  };
}
