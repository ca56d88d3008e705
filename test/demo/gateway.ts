/** The demo's gateway, as the page shows it: a local Kong, with an API for each service that has access. */
import type { LocalGateway } from '../local-gateway/local-gateway.ts';
import type { Gateway, GatewayCall, GatewayConsumer } from '../local-slack/page/gateway.ts';

/** How many calls are shown. */
const callsKept = 8;

export class DemoGateway implements Gateway {
  readonly #gateway: LocalGateway;
  readonly #calls: GatewayCall[] = [];
  readonly #listeners = new Set<() => void>();

  readonly #now: () => number;

  constructor(gateway: LocalGateway, now: () => number = Date.now) {
    this.#now = now;
    this.#gateway = gateway;
    gateway.onChange(() => this.#tell());
  }

  paths(): string[] {
    return this.#gateway.routes.map(({ path }) => path);
  }

  consumers(): GatewayConsumer[] {
    const { store } = this.#gateway;
    return [...store.consumers.values()].map(({ id, username }) => ({
      name: username ?? id,
      groups: store.aclsOf(id).map(({ group }) => group),
      keys: store.keysOf(id).map(({ key }) => key.slice(-4)),
    }));
  }

  calls(): GatewayCall[] {
    return this.#calls;
  }

  /** Calls an API through the proxy, as an application does. */
  async call(path: string, key: string): Promise<void> {
    const answer = await fetch(`${this.#gateway.proxyUrl}${path}`, { headers: key ? { apikey: key } : {} });
    const { message } = (await answer.json()) as { message: string };
    this.#calls.unshift({ path, key: key.slice(-4), status: answer.status, message, at: this.#now() });
    this.#calls.splice(callsKept);
    this.#tell();
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
