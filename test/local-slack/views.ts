/** Modals and Homes as Slack keeps them: stacks of three, hashes, and what a person has typed. */
import { randomBytes } from 'node:crypto';
import type { View as ViewPayload } from '@slack/types';
import { checkView } from './blocks/check.ts';
import { identified } from './blocks/placed.ts';
import { values } from './blocks/values.ts';
import type { View } from './model.ts';
import { listed, refuse } from './refusal.ts';
import type { State } from './state.ts';

const MOST_IN_A_STACK = 3;
/** 250 KB: the error `view_too_large` of views.open. */
const LARGEST = 250 * 1024;

type Place = { id: string; root_view_id: string; previous_view_id: string | null };

/** A view as the bot sent it, or a refusal. */
export function accepted(payload: unknown, type: 'modal' | 'home'): ViewPayload {
  const checked = checkView(payload, type);
  if (!checked.ok) return refuse('invalid_arguments', listed(checked.problems));
  if (Buffer.byteLength(JSON.stringify(payload)) > LARGEST) refuse('view_too_large');
  return checked.value;
}

function built(state: State, payload: ViewPayload, place: Place, before?: View): View {
  const blocks = identified(payload.blocks, () => randomBytes(3).toString('base64url'));
  const hash = `${Math.floor(state.now() / 1000)}.${randomBytes(4).toString('hex')}`;
  return { ...payload, ...place, blocks, hash, state: { values: values(blocks, before) }, errors: {} };
}

function onlyOne(state: State, externalId: string | undefined, except?: string): void {
  const open = [...state.modals.values()].flat().concat([...state.homes.values()]);
  const taken = open.some((view) => externalId && view.external_id === externalId && view.id !== except);
  if (taken) refuse('duplicate_external_id');
}

/** Opens a modal on top of the stack, or alone. */
export function open(state: State, memberId: string, payload: ViewPayload, onTop: boolean): View {
  const stack = onTop ? state.stack(memberId) : [];
  if (stack.length >= MOST_IN_A_STACK) refuse('push_limit_reached');
  onlyOne(state, payload.external_id);
  const id = state.nextId('V');
  const view = built(state, payload, {
    id,
    root_view_id: stack[0]?.id ?? id,
    previous_view_id: stack.at(-1)?.id ?? null,
  });
  state.modals.set(memberId, [...stack, view]);
  state.changed();
  return view;
}

export type Found = { memberId: string; view: View };

export function findView(state: State, by: (view: View) => boolean): Found | undefined {
  for (const [memberId, stack] of state.modals) {
    const view = stack.find(by);
    if (view) return { memberId, view };
  }
  for (const [memberId, view] of state.homes) if (by(view)) return { memberId, view };
  return undefined;
}

export function replace(state: State, { memberId, view }: Found, payload: ViewPayload): View {
  onlyOne(state, payload.external_id, view.id);
  const { id, root_view_id, previous_view_id } = view;
  const next = built(state, payload, { id, root_view_id, previous_view_id }, view);
  if (view.type === 'home') state.homes.set(memberId, next);
  else {
    const stack = state.stack(memberId);
    state.modals.set(
      memberId,
      stack.map((other) => (other.id === view.id ? next : other)),
    );
  }
  state.changed();
  return next;
}

export function publish(state: State, memberId: string, payload: ViewPayload): View {
  const before = state.homes.get(memberId);
  if (before) return replace(state, { memberId, view: before }, payload);
  const id = state.nextId('V');
  const view = built(state, payload, { id, root_view_id: id, previous_view_id: null });
  state.homes.set(memberId, view);
  state.changed();
  return view;
}

/** Takes a view and what lies over it off the screen. */
export function remove(state: State, memberId: string, viewId: string): View[] {
  const stack = state.stack(memberId);
  const index = stack.findIndex((view) => view.id === viewId);
  if (index < 0) return [];
  state.modals.set(memberId, stack.slice(0, index));
  state.changed();
  return stack.slice(index);
}

export function clear(state: State, memberId: string): View[] {
  const stack = state.stack(memberId);
  state.modals.set(memberId, []);
  state.changed();
  return stack;
}

/** The view as the bot gets it, in answers and payloads alike. */
export function wired(state: State, view: View): Record<string, unknown> {
  const modal = view.type === 'modal' ? view : undefined;
  return structuredClone({
    id: view.id,
    team_id: state.team.id,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.private_metadata ?? '',
    callback_id: view.callback_id ?? '',
    state: view.state,
    hash: view.hash,
    title: modal?.title ?? { type: 'plain_text', text: 'View Title', emoji: true },
    clear_on_close: modal?.clear_on_close ?? false,
    notify_on_close: modal?.notify_on_close ?? false,
    close: modal?.close ?? null,
    submit: modal?.submit ?? null,
    previous_view_id: view.previous_view_id,
    root_view_id: view.root_view_id,
    app_id: state.app.id,
    external_id: view.external_id ?? '',
    app_installed_team_id: state.team.id,
    bot_id: state.app.botId,
  });
}
