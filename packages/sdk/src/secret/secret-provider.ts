/**
 * The interface that the author of a secret provider implements.
 */
import type { CallContext } from '../wire/call.ts';

/** A published or exposed port of a service. */
export interface ServicePort {
  readonly name: string;
  /** 0 TCP, 1 UDP, 2 SCTP. */
  readonly protocol: number;
  readonly targetPort: number;
  readonly publishedPort: number;
  /** 0 through the routing mesh, 1 on the node of the task. */
  readonly publishMode: number;
}

/** A secret and the task that asks for it. Texts are empty where the engine knows nothing. */
export interface SecretRequest {
  readonly secretName: string;
  readonly secretLabels: ReadonlyMap<string, string>;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceHostname: string;
  readonly serviceLabels: ReadonlyMap<string, string>;
  readonly taskId: string;
  readonly taskName: string;
  readonly taskImage: string;
  /** Node on which the task will run. */
  readonly nodeId: string;
  /** 0 virtual IP, 1 DNS round robin. */
  readonly endpointMode: number;
  readonly ports: readonly ServicePort[];
}

/** A secret. */
export interface SecretValue {
  /** 1 byte to 500 KiB; text is sent as UTF-8. */
  readonly value: Uint8Array | string;
  /** The value is for this task alone: the engine asks again for the next one. Default false. */
  readonly isForTaskOnly?: boolean | undefined;
}

/**
 * Provides secrets for the tasks of a swarm.
 *
 * The engine calls the plugin on a manager for each task that refers to a secret of this driver, when the task is assigned
 * to a node. It writes a failure to its debug log only, and the task waits without the secret: so write failures to your
 * own log as well, never with a value in them.
 */
export interface SecretProvider {
  /**
   * Fetch a secret. Called again for each task, each assignment, and after a lost connection: it must change nothing.
   *
   * @returns undefined if there is no such secret
   */
  getSecret(request: SecretRequest, context: CallContext): Promise<SecretValue | undefined>;
}
