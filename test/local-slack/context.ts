/** What the parts of the local Slack share. */
import type { Payload, Receipt } from './delivery/envelope.ts';
import type { ResponseUrls } from './responses.ts';
import type { State } from './state.ts';
import type { Triggers } from './triggers.ts';

export type WorkspaceContext = {
  state: State;
  /** The most messages that a page of a channel's history has, whatever the app asks for. */
  historyPage: number;
  triggers: Triggers;
  responses: ResponseUrls;
  /** Where the bot broke a rule of the protocol that Slack enforces silently. */
  protocolViolations: string[];
  /** Delivers a payload to the bot and waits for its ack. */
  deliver: (payload: Payload) => Promise<Receipt>;
  responseUrl: (token: string) => string;
  socketUrl: () => string;
};
