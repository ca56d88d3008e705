/** Buttons, menus and pickers. */
import type { AnyBlock } from '@slack/types';
import { checkOffer } from '../blocks/check.ts';
import { find, type Interactive, type Placed } from '../blocks/placed.ts';
import type { WorkspaceContext } from '../context.ts';
import type { Payload } from '../delivery/envelope.ts';
import * as payloads from '../delivery/payloads.ts';
import type { Answer, Message, Option, OptionGroups, View, ViewState } from '../model.ts';
import { findView } from '../views.ts';
import { clickFailed, done, failed } from './failed.ts';

/** Where a user acts. `shown` is a message as their screen still shows it, when it lags behind. */
export type Where = {
  by: string;
  message?: { channel: string; ts: string };
  shown?: Message;
  view?: string;
  blockId: string;
  actionId: string;
};

export type Click = Where & {
  /** The value of the chosen option, or the id of the chosen person. */
  option?: string;
};

type Target = { spot: payloads.Spot; item: Placed };

export function target(context: WorkspaceContext, where: Where): Target {
  const spot = spotOf(context, where);
  const blocks: AnyBlock[] = 'view' in spot ? spot.view.blocks : spot.message.blocks;
  const item = find(blocks, where.blockId, where.actionId);
  if (!item) throw new Error(`nothing called ${where.actionId} in block ${where.blockId} is on the screen`);
  return { spot, item };
}

function spotOf({ state }: WorkspaceContext, { by, message, shown, view }: Where): payloads.Spot {
  if (view !== undefined) {
    const found = findView(state, (other) => other.id === view);
    if (found?.memberId !== by) throw new Error(`${by} does not have the view ${view} open`);
    return { view: found.view };
  }
  const seen = shown ?? state.messagesFor(by, message?.channel ?? '').find(({ ts }) => ts === message?.ts);
  if (!seen) throw new Error(`${by} does not see the message ${JSON.stringify(message)}`);
  return { message: seen };
}

/** What the action carries next to its IDs: the button's value, or what was chosen. */
function chosen(element: Interactive, option: string | undefined): Payload {
  if (element.type === 'button') {
    const { text, value, style } = element;
    return { text, ...(value !== undefined && { value }), ...(style && { style }) };
  }
  if (option === undefined) throw new Error(`a ${element.type} needs an option to be chosen`);
  if (element.type === 'users_select') return { selected_user: option };
  if (element.type === 'conversations_select') return { selected_conversation: option };
  if (element.type === 'channels_select') return { selected_channel: option };
  const choices = 'options' in element ? (element.options ?? []) : [];
  const groups = 'option_groups' in element ? (element.option_groups ?? []).flatMap((group) => group.options) : [];
  const found = [...choices, ...groups].find(({ value }) => value === option);
  if (!found) throw new Error(`a ${element.type} without the option ${option}`);
  return { selected_option: found };
}

export async function click(context: WorkspaceContext, how: Click): Promise<Answer> {
  const { state } = context;
  const by = state.member(how.by).id;
  if (state.member(by).deleted) return failed('account_inactive');
  const { spot, item } = target(context, { ...how, by });
  const extra = chosen(item.element, how.option);
  const held = 'view' in spot ? spot.view.state.values[item.blockId] : undefined;
  const before = held?.[item.actionId];
  if (held && before) held[item.actionId] = { ...before, ...extra };
  return act(context, by, spot, item, extra);
}

/** Delivers a block_actions; its payload is made before anything is awaited, so that clicks at once are at once. */
async function act(
  context: WorkspaceContext,
  by: string,
  spot: payloads.Spot,
  item: Placed,
  extra: Payload,
): Promise<Answer> {
  const action = { action_id: item.actionId, block_id: item.blockId, type: item.element.type, ...extra };
  const receipt = await context.deliver(payloads.blockActions(context, by, spot, action));
  return receipt.ok ? done : clickFailed(receipt);
}

export type Fill = {
  by: string;
  view: string;
  blockId: string;
  actionId: string;
  state: ViewState;
  /** Typed, and Enter was not pressed: a field that tells the bot at Enter tells it nothing yet. */
  unfinished?: boolean;
};

/** Types or picks. The bot hears of it only where the block dispatches actions, as sections and actions always do. */
export async function fill(context: WorkspaceContext, how: Fill): Promise<Answer> {
  const by = context.state.member(how.by).id;
  const { spot, item } = target(context, { ...how, by });
  if (!('view' in spot)) throw new Error('only views hold what is filled in');
  if (how.state.type !== item.element.type) throw new Error(`${how.actionId} is a ${item.element.type}`);
  // An emptied text field is null in Slack's payloads, never ''.
  const state = how.state.value === '' ? { ...how.state, value: null } : how.state;
  hold(spot.view, item, state);
  context.state.changed();
  if (item.input && !item.input.dispatch_action) return done;
  if (how.unfinished && !tellsWhileTyping(item.element)) return done;
  const { type: _, ...extra } = state;
  return act(context, by, spot, item, extra);
}

/** docs.slack.dev/reference/block-kit/composition-objects/dispatch-action-configuration-object: usually at Enter alone. */
function tellsWhileTyping(element: Interactive): boolean {
  const config = 'dispatch_action_config' in element ? element.dispatch_action_config : undefined;
  return config?.trigger_actions_on?.includes('on_character_entered') ?? false;
}

function hold(view: View, { blockId, actionId }: Placed, value: ViewState): void {
  view.state.values[blockId] = { ...view.state.values[blockId], [actionId]: value };
  delete view.errors[blockId];
}

/** docs.slack.dev/reference/block-kit/block-elements: "the default value is 3". */
const SHORTEST_QUERY = 3;

/** What a picker offers for what is typed. A bad answer shows nothing, as in Slack, and is complained of. */
export async function suggest(
  context: WorkspaceContext,
  how: Where & { typed: string },
): Promise<Option[] | OptionGroups> {
  const by = context.state.member(how.by).id;
  const { spot, item } = target(context, { ...how, by });
  const { element } = item;
  if (element.type !== 'external_select' && element.type !== 'multi_external_select') {
    throw new Error(`${how.actionId} is a ${element.type}: its options are in the view`);
  }
  if (how.typed.length < (element.min_query_length ?? SHORTEST_QUERY)) return [];
  const receipt = await context.deliver(
    payloads.suggestion(context, by, spot, { action_id: item.actionId, block_id: item.blockId, value: how.typed }),
  );
  if (!receipt.ok) {
    context.protocolViolations.push(`no options for ${how.actionId}: ${receipt.error}`);
    return [];
  }
  const offer = checkOffer(receipt.body);
  if (!offer.ok) {
    context.protocolViolations.push(`bad options for ${how.actionId}: ${offer.problems.join('; ')}`);
    return [];
  }
  const answer = offer.value as { options: Option[] } | OptionGroups;
  return 'options' in answer ? answer.options : answer;
}
