/** Submitting and closing modals. */
import { z } from 'zod';
import { placed } from '../blocks/placed.ts';
import { mistakes } from '../blocks/values.ts';
import type { WorkspaceContext } from '../context.ts';
import * as payloads from '../delivery/payloads.ts';
import type { Answer, View } from '../model.ts';
import { Refusal } from '../refusal.ts';
import * as views from '../views.ts';
import { done, failed, submissionFailed } from './failed.ts';

function onTop({ state }: WorkspaceContext, memberId: string, viewId: string): View {
  const top = state.stack(memberId).at(-1);
  if (top?.id !== viewId) throw new Error(`the view ${viewId} is not on top for ${memberId}`);
  return top;
}

/** ok also means that errors now stand under the fields (`view.errors`): Slack's own, or the bot's. */
export async function submit(context: WorkspaceContext, memberId: string, viewId: string): Promise<Answer> {
  const view = onTop(context, memberId, viewId);
  if (context.state.member(memberId).deleted) return failed('account_inactive');
  if (view.type !== 'modal' || !view.submit) throw new Error(`the view ${viewId} has no submit button`);
  view.errors = mistakes(view);
  context.state.changed();
  if (Object.keys(view.errors).length > 0) return done;
  const receipt = await context.deliver(payloads.submission(context, memberId, view));
  if (!receipt.ok) return submissionFailed(receipt.error);
  try {
    obey(context, memberId, viewId, receipt.body);
    return done;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { response_metadata: details } = error.more;
    context.protocolViolations.push(
      `answered view_submission ${view.callback_id ?? ''} badly: ${error.error} ${JSON.stringify(details ?? '')}`,
    );
    return submissionFailed(error.error);
  }
}

const errors = z.record(z.string(), z.string().min(1));
const response = z.discriminatedUnion('response_action', [
  z.strictObject({ response_action: z.literal('errors'), errors }),
  z.strictObject({ response_action: z.literal('update'), view: z.unknown() }),
  z.strictObject({ response_action: z.literal('push'), view: z.unknown() }),
  z.strictObject({ response_action: z.literal('clear') }),
]);

/** docs.slack.dev/surfaces/modals#interactions */
function obey(context: WorkspaceContext, memberId: string, viewId: string, body: unknown): void {
  const { state } = context;
  const found = views.findView(state, (other) => other.id === viewId);
  if (body === undefined) {
    views.remove(state, memberId, viewId);
    return;
  }
  const read = response.safeParse(body);
  if (!read.success) throw new Refusal('invalid_response_action', { response_metadata: body });
  if (read.data.response_action === 'clear') {
    views.clear(state, memberId);
    return;
  }
  // The view was closed or replaced while the bot was thinking: Slack drops the answer.
  if (!found) return;
  switch (read.data.response_action) {
    case 'errors':
      show(found.view, read.data.errors);
      state.changed();
      return;
    case 'update':
      views.replace(state, found, views.accepted(read.data.view, 'modal'));
      return;
    case 'push':
      views.open(state, memberId, views.accepted(read.data.view, 'modal'), true);
  }
}

/** Errors stand under input blocks; a block_id that is none makes Slack show nothing but trouble. */
function show(view: View, given: Record<string, string>): void {
  const inputs = new Set(placed(view.blocks).flatMap((item) => (item.input ? [item.blockId] : [])));
  const strangers = Object.keys(given).filter((blockId) => !inputs.has(blockId));
  if (strangers.length > 0 || Object.keys(given).length === 0) {
    throw new Refusal('invalid_errors', { response_metadata: { not_an_input_block: strangers } });
  }
  view.errors = given;
}

export async function close(context: WorkspaceContext, memberId: string, viewId: string): Promise<Answer> {
  const view = onTop(context, memberId, viewId);
  const everything = view.type === 'modal' && view.clear_on_close === true;
  const gone = everything ? views.clear(context.state, memberId) : views.remove(context.state, memberId, viewId);
  const told = gone.filter((other) => other.type === 'modal' && other.notify_on_close);
  const sent = told.map((other) => context.deliver(payloads.closing(context, memberId, other, everything)));
  const bad = (await Promise.all(sent)).find((receipt) => !receipt.ok);
  return bad ? submissionFailed(bad.error) : done;
}
