/** views.*: modals and Home. */
import type { WorkspaceContext } from '../context.ts';
import { refuse } from '../refusal.ts';
import { accepted, findView, open, publish, replace, wired } from '../views.ts';
import { type Args, optional, required } from './arguments.ts';
import type { Method } from './method.ts';

/** The view is judged first: a refused one does not use the trigger up. */
function opens(args: Args, context: WorkspaceContext, mustBeOnTop: boolean) {
  const { state, triggers } = context;
  const view = accepted(args.view, 'modal');
  const trigger = triggers.redeem(required(args, 'trigger_id'));
  const stack = state.stack(trigger.memberId);
  const fromModal = stack.some((other) => other.id === trigger.viewId);
  if (mustBeOnTop && !fromModal) refuse('invalid_trigger_id');
  return { view: wired(state, open(state, trigger.memberId, view, fromModal)) };
}

function mustMatch(hash: string | undefined, current: string | undefined): void {
  if (hash !== undefined && current !== undefined && hash !== current) refuse('hash_conflict');
}

function update(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const id = optional(args, 'view_id');
  const external = optional(args, 'external_id');
  if (!id && !external) required(args, 'view_id');
  const found = findView(state, (view) => (id ? view.id === id : view.external_id === external));
  if (!found) return refuse('not_found');
  const view = accepted(args.view, found.view.type === 'home' ? 'home' : 'modal');
  mustMatch(optional(args, 'hash'), found.view.hash);
  return { view: wired(state, replace(state, found, view)) };
}

function publishes(args: Args, context: WorkspaceContext) {
  const { state } = context;
  const member = state.members.get(required(args, 'user_id')) ?? refuse('user_not_found');
  if (member.deleted) refuse('user_not_found');
  const view = accepted(args.view, 'home');
  mustMatch(optional(args, 'hash'), state.homes.get(member.id)?.hash);
  return { view: wired(state, publish(state, member.id, view)) };
}

export const views = {
  'views.open': { tier: 4, run: (args, context) => opens(args, context, false) },
  'views.push': { tier: 4, run: (args, context) => opens(args, context, true) },
  'views.update': { tier: 4, run: update },
  'views.publish': { tier: 4, run: publishes },
} as const satisfies Record<string, Method>;
