/**
 * What there is in the local Slack workspace. Names and shapes are Slack's own wherever Slack has a word for it,
 * so that what the bot receives is what it would receive from Slack.
 */
import type { KnownBlock, View as ViewPayload } from '@slack/types';
import type { DataVisualizationBlock } from './blocks/chart.ts';

export type Block = KnownBlock | DataVisualizationBlock;

export type Member = {
  /** `U…` */
  id: string;
  /** What people are called in tests and on the page, in lower case: `dana`. */
  name: string;
  realName: string;
  email: string;
  /** A title shown on the page: `Developer, Shop team`. */
  title: string;
  /** Deactivated in Slack. */
  deleted: boolean;
  /** The bot itself. */
  isBot: boolean;
  /** Guests: `is_restricted`. */
  isGuest: boolean;
  /** Another team's id makes this a Slack Connect user. */
  teamId: string;
};

export type Group = { id: string; handle: string; name: string; users: string[]; disabled?: boolean };

export type Channel = {
  /** `C…`, or `D…` for a direct message. */
  id: string;
  name: string;
  topic: string;
  kind: 'public' | 'private' | 'im';
  members: string[];
  archived: boolean;
  /** With another organization (Slack Connect). */
  shared?: boolean;
};

export type Message = {
  channel: string;
  /** Unique within the workspace and rising. */
  ts: string;
  /** A member's id; the bot's user id for messages of the bot. */
  user: string;
  text: string;
  blocks: Block[];
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
  /** The app that posted it, where it is another one. */
  app?: string;
  edited?: { ts: string };
  /** The message that this one answers in a thread. */
  thread_ts?: string;
  /** Whom an ephemeral message is shown to; absent for messages that everybody sees. */
  ephemeralTo?: string;
};

/** A modal that is open for a person, as Slack keeps it. */
export type View = ViewPayload & {
  id: string;
  hash: string;
  root_view_id: string;
  previous_view_id: string | null;
  /** What the person has filled in so far: block_id → action_id → value, in Slack's own `state.values` form. */
  state: { values: Record<string, Record<string, ViewState>> };
  /** Errors under fields, by block_id, as the bot answered the last submission. */
  errors: Record<string, string>;
};

/** One element's value in `view.state.values`, in Slack's own form. */
export type ViewState = {
  type: string;
  value?: string | null;
  selected_option?: Option | null;
  selected_options?: Option[];
  selected_user?: string | null;
  selected_users?: string[];
  selected_conversation?: string | null;
  selected_conversations?: string[];
  selected_channel?: string | null;
  selected_channels?: string[];
  selected_date?: string | null;
  selected_time?: string | null;
  selected_date_time?: number | null;
};

export type Option = {
  text: { type: 'plain_text'; text: string; emoji?: boolean };
  value: string;
  description?: Option['text'];
};

export type OptionGroup = { label: Option['text']; options: Option[] };

/** What a picker offers in groups; otherwise it offers an `Option[]`. */
export type OptionGroups = { option_groups: OptionGroup[] };

/** What Slack itself tells the user: nothing, or what went wrong. */
export type Answer = { ok: true } | { ok: false; error: string };

/** One call of the Web API that the bot made, with what it was answered. */
export type ApiCall = {
  method: string;
  args: Record<string, unknown>;
  at: number;
  response: Record<string, unknown>;
  status: number;
  /** Its connection was cut, and what it asks for is still to be done. */
  comesLate?: boolean;
};

/**
 * How the Web API misbehaves on the next matching calls.
 * - `rate-limited`: 429 with `Retry-After`.
 * - `server-error`: HTTP 500.
 * - `drop-then-store`: the connection is cut at once, and what was asked is done later.
 * - `reset`: the connection is cut before anything is done.
 * - `hang`: never answered.
 * - `malformed`: 200 with a body that is no JSON.
 * - `accept-then-drop`: it is done, then the connection is cut instead of an answer.
 * - `{ error }`: `ok: false` with Slack's error word.
 * - `{ delay }`: done and answered, that many milliseconds late.
 */
export type Fault =
  | { kind: 'rate-limited'; retryAfter: number }
  | { kind: 'server-error' | 'reset' | 'hang' | 'malformed' | 'accept-then-drop' }
  | { kind: 'error'; error: string }
  | { kind: 'delay'; ms: number }
  | { kind: 'drop-then-store'; until: () => Promise<unknown> };
