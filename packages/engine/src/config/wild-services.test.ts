/**
 * Configs with the features of real plugins, one per quirk. Plugins for logs, metrics and authorization.
 */
import { host, networkFiles, socketDirectory, testWildPlugins } from '../testing/wild-plugins.ts';

testWildPlugins([
  {
    plugin: 'grafana/loki-docker-driver, with nothing but network and env',
    config: {
      entrypoint: ['/bin/docker-driver'],
      env: [{ name: 'LOG_LEVEL', settable: ['value'], value: 'info' }],
      interface: { socket: 'loki.sock', types: ['docker.logdriver/1.0'] },
      network: host,
    },
    privileges: ['network=host'],
    mounts: [socketDirectory, ...networkFiles],
  },
  {
    plugin: 'cpuguy83 metrics-plugin-test, whose propagated mount contains the socket directory',
    config: {
      entrypoint: ['/metrics'],
      PropagatedMount: '/run/docker',
      interface: { socket: 'metrics.sock', types: ['docker.metricscollector/1.0'] },
      Network: { Type: 'host' },
    },
    privileges: ['network=host'],
    warnings: [/contains the socket directory/],
    mounts: ['/run/docker', socketDirectory, ...networkFiles],
  },
  {
    plugin: 'opa-docker-authz, with type none, options bind and ro, and no network key',
    config: {
      entrypoint: ['/opa-docker-authz'],
      args: { name: 'opa-args', settable: ['value'], value: ['-policy-file', 'policy.rego'] },
      interface: { socket: 'opa.sock', types: ['docker.authz/1.0'] },
      mounts: [
        {
          name: 'policy',
          source: '/etc/docker',
          destination: '/opa',
          type: 'none',
          options: ['bind', 'ro'],
          settable: ['source'],
        },
      ],
      workdir: '/opa',
    },
    privileges: ['mount=/etc/docker'],
    mounts: ['/opa', socketDirectory],
  },
]);
