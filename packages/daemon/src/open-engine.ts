/**
 * Opens the engine with the daemon's configuration.
 */
import { resolve } from 'node:path';
import { type EngineGateway, openPluginEngine, type PluginEngine } from '@outboard/engine';
import type { RegistriesConfiguration } from '@outboard/oci';
import type { Logger } from 'pino';
import type { Configuration } from './configuration/configuration.ts';
import { policyFileOf } from './configuration/policy-file.ts';
import type { Environment } from './configuration/registries.ts';
import type { MetricsService } from './metrics/metrics-service.ts';

/** Parts for the engine besides the configuration. */
export interface OpenEngineDeps {
  /** The configuration of registries in force. */
  readonly registries: () => RegistriesConfiguration;
  readonly metrics: Pick<MetricsService, 'socket' | 'observer'>;
  readonly gateway: EngineGateway;
  /** Environment variables, which values of settings can come from; default none. */
  readonly env?: Environment | undefined;
  /** Version of the daemon, for the `User-Agent` header. */
  readonly version: string;
  readonly logger: Logger;
}

/**
 * Open the engine; the caller disposes it.
 * @throws {OutboardError} invalid; conflict when another daemon uses the data root
 */
export function openEngine(
  configuration: Configuration,
  { registries, metrics, gateway, env = {}, version, logger }: OpenEngineDeps,
): Promise<PluginEngine> {
  return openPluginEngine({
    dataRoot: configuration['data-root'],
    execRoot: configuration['exec-root'],
    hosts: configuration.hosts,
    runtime: configuration.runtime,
    cgroupDriver: configuration['cgroup-driver'],
    liveRestore: configuration['live-restore'],
    backOff: {
      initialMs: configuration['restart-delay'] * 1000,
      maxMs: configuration['restart-max-delay'] * 1000,
    },
    registries,
    registryTimeoutSeconds: configuration['registry-timeout'],
    signaturePolicy: policyFileOf(configuration),
    limits: {
      maxConcurrentDownloads: configuration['max-concurrent-downloads'],
      maxConcurrentUploads: configuration['max-concurrent-uploads'],
      maxPluginBytes: configuration['max-plugin-size'],
      freeSpaceReserve: configuration['free-space-reserve'],
      downloadRetentionSeconds: configuration['download-retention'],
    },
    userAgent: `outboard/${version}`,
    bridge: {
      name: configuration['bridge-name'],
      subnet: configuration['bridge-subnet'],
      nameServers: configuration.dns,
    },
    valueSurroundings: { environment: env, credentialsDirectory: env.CREDENTIALS_DIRECTORY },
    metricsSocket: metrics.socket,
    logDirectory: logDirectoryOf(configuration),
    gateway,
    observer: metrics.observer,
    logger,
  });
}

/** Without a gateway no other engine can ask a log driver to read its FIFOs. */
function logDirectoryOf(configuration: Configuration): string | undefined {
  const directory = configuration['gateway-log-dir'];
  return configuration['gateway-dir'] === '' || directory === '' ? undefined : resolve(directory);
}
