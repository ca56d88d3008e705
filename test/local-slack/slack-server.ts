/**
 * Slack's own side: the Web API, response_urls, and the ways to the bot. One HTTP server, which the page shares.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bodyOf } from './api/arguments.ts';
import { exchange } from './api/exchange.ts';
import { type Tokens, WebApi } from './api/web-api.ts';
import type { WorkspaceContext } from './context.ts';
import { type Carrier, type Payload, type Receipt, toEnvelope } from './delivery/envelope.ts';
import { answersChallenge, httpCarrier, type Signing } from './delivery/http.ts';
import { type Disconnect, parseJson, SocketMode } from './delivery/socket-mode.ts';
import { Faults, type Held, type StagedFault, type When } from './faults.ts';
import type { ApiCall, Fault } from './model.ts';
import { ResponseUrls } from './responses.ts';
import { type Seed, seed as usual } from './seed.ts';
import { State } from './state.ts';
import { Triggers } from './triggers.ts';

export type WorkspaceOptions = {
  seed?: Seed;
  /** The address that Slack's answers name, where it is reached by another than its own, such as behind TLS. */
  publicUrl?: string;
  /** 0 is any free one. */
  port?: number;
  /** Milliseconds; a test that travels in time brings its own. */
  now?: () => number;
  /** Slack's three seconds. */
  ackWithin?: number;
  /** How long people look for what they want to read or press, in milliseconds: by default a minute, for a slow machine. */
  patience?: number;
  rateLimits?: boolean;
  /**
   * How Slack reads histories for apps that are sold outside of its marketplace: 15 messages a page, and a call in 60 seconds
   * (https://docs.slack.dev/apis/web-api/rate-limits). A test that cannot wait says fewer seconds.
   */
  historyLimit?: { messages: number; seconds: number };
  /** What `save()` returned, instead of the seed's people, channels and groups. */
  saved?: string;
};

export type Handler = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

const ACK_WITHIN = 3_000;
const PATIENCE = 60_000;

export class SlackServer implements AsyncDisposable {
  readonly url: string;
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret = 'local-signing-secret';
  readonly teamId: string;
  readonly now: () => number;
  readonly patience: number;
  /** Where the bot broke a rule of the protocol that Slack enforces silently. Scenarios expect none. */
  readonly protocolViolations: string[] = [];
  /** Every payload that was handed to the bot, for tests that replay or forge them. */
  readonly delivered: Payload[] = [];
  protected readonly state: State;
  protected readonly context: WorkspaceContext;
  readonly #server: Server;
  readonly #api: WebApi;
  readonly #socket: SocketMode;
  readonly #faults = new Faults();
  readonly #handlers: Handler[] = [];
  readonly #ackWithin: number;
  #endpoint: string | undefined;

  constructor(server: Server, tokens: Tokens, options: WorkspaceOptions) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.apiUrl = `${this.url}/api/`;
    this.botToken = tokens.bot;
    this.appToken = tokens.app;
    this.now = options.now ?? Date.now;
    this.patience = options.patience ?? PATIENCE;
    this.#ackWithin = options.ackWithin ?? ACK_WITHIN;
    const publicUrl = options.publicUrl ?? this.url;
    const state = new State(options.seed ?? usual(), this.now, options.saved);
    this.state = state;
    this.teamId = state.team.id;
    const responses = new ResponseUrls(state, this.protocolViolations);
    this.#socket = new SocketMode(state.app.id, this.#ackWithin, this.protocolViolations, () => state.changed());
    this.context = {
      state,
      historyPage: options.historyLimit?.messages ?? 999,
      triggers: new Triggers(this.now),
      responses,
      protocolViolations: this.protocolViolations,
      deliver: (payload) => this.deliver(payload),
      responseUrl: (token) => `${publicUrl}/response/${token}`,
      socketUrl: () =>
        `${publicUrl.replace('http', 'ws')}/link/?ticket=${this.#socket.ticket()}&app_id=${state.app.id}`,
    };
    this.#api = new WebApi(this.context, tokens, this.#faults, {
      tiers: options.rateLimits ?? false,
      historySeconds: options.historyLimit?.seconds,
    });
    server.on('request', (request, response) => {
      this.#route(request, response).catch((error: unknown) => {
        // The client closed the connection in the middle of its request, as a process does that is killed.
        if (request.readableAborted) return;
        // A bug of the local Slack itself is reported, so that no test takes it for Slack's behavior.
        this.protocolViolations.push(`the workspace broke: ${error instanceof Error ? error.stack : String(error)}`);
        response.writeHead(500).end();
      });
    });
    server.on('upgrade', (request, socket, head) => this.#socket.upgrade(request, socket, head));
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    const [, area, name = ''] = pathname.split('/');
    if (area === 'api') return this.#api.handle(name, request, response);
    if (area === 'response') {
      const said = parseJson((await bodyOf(request)).toString());
      return exchange(this.#faults, { name: 'response_url', args: Object(said), request, response }, () => {
        const { status, body: text } = this.context.responses.post(name, said);
        return { status, body: {}, text, headers: { 'content-type': 'text/plain' } };
      });
    }
    for (const handler of this.#handlers) if (await handler(request, response)) return;
    response.writeHead(404).end();
  }

  /** Extra routes on the same server; a handler says whether it took the request. */
  mount(handler: Handler): void {
    this.#handlers.push(handler);
  }

  /** Every call of the Web API, in the order of arrival. */
  get calls(): ApiCall[] {
    return this.#api.calls;
  }

  /** Socket Mode, or the URL that the bot listens on. With Socket Mode on, Slack sends nothing over HTTP. */
  deliverOver(way: 'socket' | (string & {})): void {
    this.#endpoint = way === 'socket' ? undefined : way;
  }
  #carrier(signing: Partial<Signing>): Carrier {
    if (this.#endpoint === undefined) return (sent) => this.#socket.send(sent);
    return httpCarrier(this.#endpoint, { ...this.#signing, ...signing }, this.#ackWithin, this.protocolViolations);
  }
  get #signing(): Signing {
    return { secret: this.signingSecret, now: Date.now };
  }
  /**
   * Hands any payload to the bot, also one that no client would send: as Slack signs it, or forged, or stale.
   * Failed events come once more.
   */
  async deliver(payload: Payload, signing: Partial<Signing> = {}): Promise<Receipt> {
    const sent = toEnvelope(payload);
    this.delivered.push(payload);
    const carry = this.#carrier(signing);
    const receipt = await carry(sent);
    // Slack retries events at once, after a minute and after five; the first of these is enough here.
    if (receipt.ok || sent.kind !== 'events_api') return receipt;
    const reason = receipt.error === 'operation_timeout' ? 'timeout' : 'http_error';
    return carry({ ...sent, retry: { attempt: 1, reason } });
  }
  /** Whether an endpoint answers Slack's challenge. */
  verify(url: string): Promise<boolean> {
    return answersChallenge(url, this.#signing);
  }
  /** Live Socket Mode connections. */
  get connections(): number {
    return this.#socket.connections;
  }
  /** How many of them were asked to reconnect, and are still open. */
  get leavingConnections(): number {
    return this.#socket.leaving;
  }
  disconnect(reason: Disconnect, count?: number): void {
    void this.#socket.disconnect(reason, count);
  }
  /** A frame that Slack would not send. */
  sendFrame(text: string): void {
    this.#socket.frame(text);
  }
  dropConnections(count?: number): void {
    this.#socket.drop(count);
  }
  /** The payloads whose connection ended while the bot was working on them, or might have been. */
  get cutOff(): ReadonlySet<Payload> {
    return this.#socket.cutOff;
  }
  /** Makes connections half-open: nothing passes over them, and the bot is not told. */
  silenceConnections(count: number): void {
    this.#socket.silence(count);
  }
  /** What is sent over the connections that are open now is on its way until the returned function is called. */
  delayEnvelopes(): () => void {
    return this.#socket.delay();
  }
  /** New connections are not greeted, until the returned function is called. */
  holdHello(): () => void {
    return this.#socket.hold();
  }

  /** `method` may also be `response_url`. */
  fail(method: string, fault: Fault, when?: When): StagedFault {
    return this.#faults.fail(method, fault, when);
  }
  hold(method: string, when?: (args: Record<string, unknown>) => boolean): Held {
    return this.#faults.hold(method, when);
  }
  /** Forgets what was said, opened, called and delivered, and the faults; people, channels and connections stay. */
  startOver(): void {
    this.clearFaults();
    this.context.triggers.startOver();
    this.context.responses.startOver();
    this.state.startOver();
    this.calls.length = 0;
    this.delivered.length = 0;
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.clearFaults();
    await this.#socket.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
