/**
 * Volumes whose operations are aborted and awaited at the end of the engine.
 */
import type { OperationScope } from '@outboard/async';
import type { Volumes } from './volumes.ts';

/** Run every operation in a scope: once the scope is closed, operations are refused. */
export function scopedVolumes(volumes: Volumes, scope: OperationScope): Volumes {
  return {
    list: (filters, { signal } = {}) => scope.run((own) => volumes.list(filters, { signal: own }), signal),
    create: (request) => scope.run((signal) => volumes.create({ ...request, signal }), request.signal),
    inspect: (name, { signal } = {}) => scope.run((own) => volumes.inspect(name, { signal: own }), signal),
    remove: (name, options = {}) =>
      scope.run((signal) => volumes.remove(name, { ...options, signal }), options.signal),
    prune: (request = {}) => scope.run((signal) => volumes.prune({ ...request, signal }), request.signal),
    mount: (name, id, options = {}) =>
      scope.run((signal) => volumes.mount(name, id, { ...options, signal }), options.signal),
    unmount: (name, id, options = {}) =>
      scope.run((signal) => volumes.unmount(name, id, { ...options, signal }), options.signal),
    removeBy: (name, options, call) =>
      scope.run((signal) => volumes.removeBy(name, { ...options, signal }, call), options.signal),
    locate: (driver, mountpoint, { signal } = {}) =>
      scope.run((own) => volumes.locate(driver, mountpoint, { signal: own }), signal),
    locateAll: (driver, mountpoints, { signal } = {}) =>
      scope.run((own) => volumes.locateAll(driver, mountpoints, { signal: own }), signal),
  };
}
