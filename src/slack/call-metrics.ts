/** Counts and times each call to Slack, by method and result. It wraps `fetch`, which every client and every retry uses. */
import type { FetchFunction } from '@slack/web-api';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Error codes that get a label of their own. Any other counts as `other_error`, which bounds the number of series. */
const labeledErrors = new Set(
  `account_inactive cannot_dm_bot cant_update_message channel_not_found edit_window_closed exchanged_trigger_id
  expired_trigger_id fatal_error hash_conflict internal_error invalid_arguments invalid_auth invalid_blocks
  invalid_trigger_id is_archived message_not_found messages_tab_disabled metadata_too_large missing_scope
  msg_blocks_too_long msg_too_long no_such_subteam no_text not_allowed_token_type not_authed not_enabled not_found
  not_in_channel ratelimited request_timeout restricted_action service_unavailable token_expired token_revoked
  unknown_method user_disabled user_not_found users_not_found view_too_large`.split(/\s+/),
);

/**
 * Returns a function that wraps the `fetch` of the Web API at `apiUrl` and of response URLs. It counts messages by the kind
 * in their metadata.
 */
export function instrumentFetch(registry: Registry): (apiUrl: string, fetch: FetchFunction) => FetchFunction {
  const registers = [registry];
  const calls = new Counter({
    name: 'registrar_slack_calls_total',
    help: 'Calls to the Web API and to response URLs, each retry counted, by method and result.',
    labelNames: ['method', 'result'],
    registers,
  });
  const seconds = new Histogram({
    name: 'registrar_slack_call_seconds',
    help: 'Time until Slack responded or the call failed, by method.',
    labelNames: ['method'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const posts = new Counter({
    name: 'registrar_messages_posted_total',
    help: 'New messages that Slack accepted, by kind: card, notice, reminder and so on.',
    labelNames: ['kind'],
    registers,
  });

  return (apiUrl, fetch) => async (input, init) => {
    const method = methodOf(apiUrl, String(input));
    const observe = seconds.startTimer({ method });
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
      observe();
    }
  };
}

/** Reads the method from an address (`chat.postMessage`). An address outside `apiUrl` is a response URL. */
function methodOf(apiUrl: string, url: string): string {
  if (!url.startsWith(apiUrl)) return 'response_url';
  const name = url.slice(apiUrl.length);
  return /^[a-zA-Z]+(\.[a-zA-Z]+)+$/.test(name) ? name : 'other';
}

type FetchResponse = Awaited<ReturnType<FetchFunction>>;

async function resultOf({ status, ok, text }: FetchResponse, method: string): Promise<string> {
  if (status === 429) return 'ratelimited';
  if (!ok) return status >= 500 ? 'http_5xx' : 'http_4xx';
  if (!method.includes('.')) return 'ok';
  return resultIn(await text());
}

/** Reads the result from a body. Bodies can be long, and nearly all begin the same way: these are not parsed. */
function resultIn(text: string): string {
  if (text.startsWith('{"ok":true')) return 'ok';
  try {
    const { ok, error } = Object(JSON.parse(text));
    if (ok) return 'ok';
    return labeledErrors.has(error) ? error : 'other_error';
  } catch {
    return 'malformed';
  }
}

const failureOf = (error: unknown): string =>
  error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network';

/** Reads the kind of a message from its marker (messages.ts), which never holds what users write. */
function kindPosted(body: unknown): string | undefined {
  const metadata = new URLSearchParams(typeof body === 'string' ? body : '').get('metadata') ?? '';
  return /^\{"event_type":"registrar_([a-z_]{1,40})"/.exec(metadata)?.[1];
}
