/** The Web API over HTTP: token, scope, rate limit, faults on purpose, the method itself, and the record of it all. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WorkspaceContext } from '../context.ts';
import type { Faults } from '../faults.ts';
import type { ApiCall } from '../model.ts';
import { Refusal, refuse } from '../refusal.ts';
import { type Args, read } from './arguments.ts';
import { blocks } from './blocks.ts';
import { chat } from './chat.ts';
import { conversations } from './conversations.ts';
import { type Answered, exchange, rateLimited } from './exchange.ts';
import { kindScope, type Method, requireScope } from './method.ts';
import { people } from './people.ts';
import { type Limits, RateLimits } from './rate-limits.ts';
import { views } from './views.ts';

const methods: Readonly<Record<string, Method>> = { ...blocks, ...chat, ...conversations, ...people, ...views };

export type Tokens = { bot: string; app: string };

export class WebApi {
  readonly calls: ApiCall[] = [];
  readonly #context: WorkspaceContext;
  readonly #tokens: Tokens;
  readonly #faults: Faults;
  readonly #limits: RateLimits;

  constructor(context: WorkspaceContext, tokens: Tokens, faults: Faults, limits: Limits) {
    this.#context = context;
    this.#tokens = tokens;
    this.#faults = faults;
    this.#limits = new RateLimits(context.state.now, limits);
  }

  async handle(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const args = await read(request);
    const call: ApiCall = { method: name, args, at: this.#context.state.now(), response: {}, status: 0 };
    this.calls.push(call);
    const { scopes } = this.#context.state.app;
    const accepted = methods[name]?.scope;
    await exchange(
      this.#faults,
      { name, args, request, response },
      () => {
        const answer = this.#answer(name, args, request);
        const headers = {
          'x-oauth-scopes': scopes.join(','),
          ...(typeof accepted === 'string' && { 'x-accepted-oauth-scopes': accepted }),
          ...answer.headers,
        };
        return { ...answer, headers };
      },
      call,
    );
  }

  #answer(name: string, args: Args, request: IncomingMessage): Answered {
    try {
      const method = methods[name] ?? refuse('unknown_method', { req_method: name });
      this.#mustHoldToken(method, args, request);
      const wait = this.#limits.wait(name, method.tier, args.channel);
      if (wait !== undefined) return rateLimited(wait);
      this.#mustHaveScope(method, args);
      return { status: 200, body: { ok: true, ...method.run(args, this.#context) } };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: 200, body: { ok: false, error: error.error, ...error.more } };
    }
  }

  #mustHoldToken(method: Method, args: Args, request: IncomingMessage): void {
    const header = request.headers.authorization?.replace(/^Bearer /i, '');
    const token = header ?? (typeof args.token === 'string' ? args.token : refuse('not_authed'));
    const { bot, app } = this.#tokens;
    if (token !== bot && token !== app) refuse('invalid_auth');
    if ((token === app) !== (method.token === 'app')) refuse('not_allowed_token_type');
  }

  #mustHaveScope({ scope }: Method, args: Args): void {
    if (typeof scope === 'string') requireScope(this.#context, scope);
    else if (scope) {
      const kind = this.#context.state.channels.get(String(args.channel))?.kind;
      if (kind) requireScope(this.#context, kindScope(kind, scope.byKind));
    }
  }
}
