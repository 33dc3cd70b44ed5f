/**
 * The check of the gateway's sockets, one line of the doctor.
 */
import { dirname } from 'node:path';
import type { HostCheck } from '@outboard/engine';
import type { Gateway } from '@outboard/gateway';

/** Judge the sockets of the plugins that are enabled. @param gateway undefined while it is off */
export function checkGateway(gateway: Pick<Gateway, 'endpoints'> | undefined): HostCheck {
  const name = 'gateway';
  if (gateway === undefined) {
    return { name, status: 'ok', message: 'off: other engines cannot use plugins', remedy: '' };
  }
  const endpoints = gateway.endpoints();
  const problems = endpoints.flatMap(({ pluginName, problem }) =>
    problem === undefined ? [] : `${pluginName}: ${problem}`,
  );
  const [first] = endpoints;
  if (problems.length > 0) {
    const message = `${problems.length} of ${endpoints.length} plugins have no socket: ${problems.join('; ')}`;
    const remedy = 'remove what is in the way, or choose another name with outboard update --gateway-alias';
    return { name, status: 'warn', message, remedy };
  }
  const message =
    first === undefined ? 'no plugin is enabled' : `${endpoints.length} sockets in ${dirname(first.path)}`;
  return { name, status: 'ok', message, remedy: '' };
}
