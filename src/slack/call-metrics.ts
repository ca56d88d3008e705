/** Every call of Slack's, by method and result: around the one way out, where all clients and all their tries come by. */
import type { FetchFunction } from '@slack/web-api';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Slack's words that tell an operator something; any other is `other_error`, so that the results stay countable. */
const words = new Set(
  `account_inactive cannot_dm_bot cant_update_message channel_not_found edit_window_closed exchanged_trigger_id
  expired_trigger_id fatal_error hash_conflict internal_error invalid_arguments invalid_auth invalid_blocks
  invalid_trigger_id is_archived message_not_found messages_tab_disabled metadata_too_large missing_scope
  msg_blocks_too_long msg_too_long no_such_subteam no_text not_allowed_token_type not_authed not_enabled not_found
  not_in_channel ratelimited request_timeout restricted_action service_unavailable token_expired token_revoked
  unknown_method user_disabled user_not_found users_not_found view_too_large`.split(/\s+/),
);

export function instrumentFetch(registry: Registry): (apiUrl: string, fetch: FetchFunction) => FetchFunction {
  const registers = [registry];
  const calls = new Counter({
    name: 'registrar_slack_calls_total',
    help: "Calls of Slack's Web API and of response URLs, each try counted, by method and result.",
    labelNames: ['method', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'registrar_slack_call_seconds',
    help: "How long Slack's answer took, or its absence, by method.",
    labelNames: ['method'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const posts = new Counter({
    name: 'registrar_messages_posted_total',
    help: 'New messages that Slack took, by kind: card, notice, reminder and so on.',
    labelNames: ['kind'],
    registers,
  });

  return (apiUrl, fetch) => async (input, init) => {
    const method = methodOf(apiUrl, String(input));
    const stop = seconds.startTimer({ method });
    const count = (result: string): void => {
      calls.inc({ method, result });
      const kind = method === 'chat.postMessage' && result === 'ok' ? kindPosted(init?.body) : undefined;
      if (kind) posts.inc({ kind });
    };
    try {
      const response = await fetch(input, init);
      count(await resultOf(response, method));
      return response;
    } catch (error) {
      count(failureOf(error));
      throw error;
    } finally {
      stop();
    }
  };
}

/** `chat.postMessage`; anything else is a response URL. */
function methodOf(apiUrl: string, url: string): string {
  if (!url.startsWith(apiUrl)) return 'response_url';
  const name = url.slice(apiUrl.length);
  return /^[a-zA-Z]+(\.[a-zA-Z]+)+$/.test(name) ? name : 'other';
}

type Answer = Awaited<ReturnType<FetchFunction>>;

async function resultOf({ status, ok, text }: Answer, method: string): Promise<string> {
  if (status === 429) return 'ratelimited';
  if (!ok) return status >= 500 ? 'http_5xx' : 'http_4xx';
  if (!method.includes('.')) return 'ok';
  return resultIn(await text());
}

/** Slack's answers are long at times, and nearly all begin the same way. */
function resultIn(text: string): string {
  if (text.startsWith('{"ok":true')) return 'ok';
  try {
    const { ok, error } = Object(JSON.parse(text));
    if (ok) return 'ok';
    return words.has(error) ? error : 'other_error';
  } catch {
    return 'malformed';
  }
}

const failureOf = (error: unknown): string =>
  error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network';

/** What a message is, by the mark that the bot gave it (posting.ts); nothing that people write gets there. */
function kindPosted(body: unknown): string | undefined {
  const metadata = new URLSearchParams(typeof body === 'string' ? body : '').get('metadata') ?? '';
  return /^\{"event_type":"registrar_([a-z_]{1,40})"/.exec(metadata)?.[1];
}
