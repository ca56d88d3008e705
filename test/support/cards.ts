/** Cards as tests look at them. */
import type { Message } from '../local-slack/model.ts';
import type { Scenario } from './scenario.ts';

/** Lists the cards in a channel, and what has replaced them. */
export const cardsIn = ({ workspace }: Scenario, channel: string): Message[] =>
  workspace.messages(channel).filter(({ metadata }) => metadata?.event_type === 'registrar_card');
