/** A gateway that did not do what it was asked: why, and when it may be asked again. Never what was sent: it may be a key. */
import type { GatewayFailure } from '../domain/access.ts';

export class GatewayError extends Error {
  readonly gateway: string;
  readonly failure: GatewayFailure;
  /** Milliseconds, where the gateway says how long to wait. */
  readonly retryAfter: number | undefined;

  constructor(gateway: string, failure: GatewayFailure, message: string, retryAfter?: number) {
    super(`gateway ${gateway}: ${message}`);
    this.name = 'GatewayError';
    this.gateway = gateway;
    this.failure = failure;
    this.retryAfter = retryAfter;
  }
}
