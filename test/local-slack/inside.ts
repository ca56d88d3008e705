/** What the parts of the workspace share. */
import type { Payload, Receipt } from './delivery/parcel.ts';
import type { ResponseUrls } from './responses.ts';
import type { State } from './state.ts';
import type { Triggers } from './triggers.ts';

export type Inside = {
  state: State;
  triggers: Triggers;
  responses: ResponseUrls;
  /** Where the bot broke a rule that Slack breaks silently. */
  complaints: string[];
  /** Hands a payload to the bot and waits for its acknowledgement. */
  deliver: (payload: Payload) => Promise<Receipt>;
  responseUrl: (token: string) => string;
  socketUrl: () => string;
};
