/** Handles what the browser sends when a person does something. Every response says how it went, in words for a person. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { find } from '../blocks/placed.ts';
import type { Answer, Option } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { type Entry, stateOf } from './blocks/entry.ts';
import type { Gateway } from './gateway.ts';
import type { Live } from './live.ts';
import type { Notices } from './notices.ts';
import { offer } from './offer.ts';
import { send } from './page.ts';
import { people } from './reader.ts';
import type { Time } from './time.ts';

export type Stage = {
  workspace: Workspace;
  notices: Notices;
  live: Live;
  gateway: Gateway | undefined;
  time: Time | undefined;
};

/** More than the longest answers that Block Kit allows in one view. */
const LARGEST_BODY = 512 * 1024;

const text = z.object({ type: z.string(), text: z.string(), emoji: z.boolean().optional() });
const option = z.object({ text, value: z.string(), description: text.optional() });
const entry = z.object({ text: z.string().optional(), chosen: z.array(option).optional() });
const element = z.object({ as: z.string(), block: z.string(), action: z.string() });
const message = z.object({ channel: z.string(), ts: z.string() });

const bodies = {
  send: z.object({ as: z.string(), channel: z.string(), text: z.string().max(40_000) }),
  click: element.extend({ view: z.string().optional(), message: message.optional(), option: z.string().optional() }),
  fill: element.extend({ view: z.string(), entry, unfinished: z.boolean().optional() }),
  submit: z.object({ as: z.string(), view: z.string(), fields: z.array(element.omit({ as: true }).extend({ entry })) }),
  close: z.object({ as: z.string(), view: z.string() }),
  home: z.object({ as: z.string() }),
  call: z.object({ as: z.string(), path: z.string().max(200), key: z.string().max(200) }),
  options: element.extend({
    view: z.string().optional(),
    message: message.optional(),
    typed: z.string().max(3000),
    chosen: z.array(z.string()),
  }),
};

export async function act(name: string, stage: Stage, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  // A form of another site cannot send this type without asking first, and is never told that it may.
  if (!req.headers['content-type']?.startsWith('application/json')) return send(res, 415, 'text/plain', 'JSON only');
  try {
    const answer = await perform(name, stage, JSON.parse(await bodyOf(req)));
    if (answer === undefined) return false;
    return send(res, 200, 'application/json', JSON.stringify(answer));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return send(res, 400, 'text/plain', 'not understood');
    // A page that is out of date names views and people that are gone.
    return send(res, 409, 'application/json', JSON.stringify({ ok: false, error: 'That is no longer there.' }));
  }
}

async function perform(name: string, stage: Stage, body: unknown): Promise<(Answer & { html?: string }) | undefined> {
  const { workspace } = stage;
  switch (name) {
    case 'send': {
      const { as, channel, text: typed } = bodies.send.parse(body);
      return say(stage, personOf(workspace, as), channel, typed);
    }
    case 'click': {
      const { as, view, message: at, block, action, option: picked } = bodies.click.parse(body);
      return workspace.click({
        by: personOf(workspace, as),
        ...(view === undefined ? {} : { view }),
        ...(at ? { message: at } : {}),
        blockId: block,
        actionId: action,
        ...(picked === undefined ? {} : { option: picked }),
      });
    }
    case 'fill': {
      const { as, view, block, action, entry: given, unfinished = false } = bodies.fill.parse(body);
      return fill(workspace, personOf(workspace, as), view, { block, action, entry: entryOf(given) }, unfinished);
    }
    case 'submit': {
      const { as, view, fields } = bodies.submit.parse(body);
      const by = personOf(workspace, as);
      for (const field of fields) await fill(workspace, by, view, { ...field, entry: entryOf(field.entry) }, true);
      return workspace.submit(by, view);
    }
    case 'close': {
      const { as, view } = bodies.close.parse(body);
      return closeDownTo(workspace, personOf(workspace, as), view);
    }
    case 'call': {
      const { path, key } = bodies.call.parse(body);
      if (!stage.gateway?.paths().includes(path)) return { ok: false, error: 'There is no such API.' };
      await stage.gateway.call(path, key);
      return { ok: true };
    }
    case 'pass-day':
      await stage.time?.passDay();
      stage.live.tell();
      return { ok: true };
    case 'home':
      return workspace.openHome(personOf(workspace, bodies.home.parse(body).as));
    case 'options': {
      const asked = bodies.options.parse(body);
      const drawn = await offer(workspace, { ...asked, by: personOf(workspace, asked.as) });
      return { ok: true, html: drawn.markup };
    }
    default:
      return undefined;
  }
}

/** Closes a view and all above it, the top one first. */
async function closeDownTo(workspace: Workspace, by: string, viewId: string): Promise<Answer> {
  let answer: Answer = { ok: true };
  while (answer.ok && workspace.views(by).some((view) => view.id === viewId)) {
    const top = workspace.views(by).at(-1);
    if (top) answer = await workspace.close(by, top.id);
  }
  return answer;
}

/** Finds a person by name. The bot cannot be played. */
function personOf(workspace: Workspace, name: string): string {
  const member = people(workspace).find((each) => each.name === name);
  if (!member) throw new Error(`there is no person called ${name}`);
  return member.id;
}

async function say({ workspace, notices, live }: Stage, by: string, channel: string, typed: string): Promise<Answer> {
  if (!typed.startsWith('/')) return workspace.say(by, channel, typed);
  const answer = await workspace.command(by, channel, typed);
  if (!answer.ok) {
    notices.add(by, channel, answer.error);
    live.tell();
  }
  return { ok: true };
}

type Field = { block: string; action: string; entry: Entry };

/** Tells the workspace what a field holds now. It knows already what is only typed on, or sent along, unchanged. */
async function fill(
  workspace: Workspace,
  by: string,
  viewId: string,
  { block, action, entry: given }: Field,
  unfinished: boolean,
): Promise<Answer> {
  const home = workspace.home(by);
  const view = workspace.views(by).find((each) => each.id === viewId) ?? (home?.id === viewId ? home : undefined);
  const placed = view && find(view.blocks, block, action);
  if (!view || !placed) return { ok: false, error: 'That is no longer there.' };
  const state = stateOf(placed.element.type, given);
  const before = view.state.values[block]?.[action];
  if (!state || (unfinished && JSON.stringify(state) === JSON.stringify(before))) return { ok: true };
  return workspace.fill({ by, view: viewId, blockId: block, actionId: action, state, unfinished });
}

function optionOf({ text: words, value, description }: z.infer<typeof option>): Option {
  const plain = (given: { text: string }) => ({ type: 'plain_text' as const, text: given.text, emoji: true });
  return { text: plain(words), value, ...(description ? { description: plain(description) } : {}) };
}

function entryOf(given: z.infer<typeof entry>): Entry {
  return { text: given.text ?? '', chosen: (given.chosen ?? []).map(optionOf) };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  let body = '';
  req.setEncoding('utf8');
  for await (const chunk of req) {
    body += String(chunk);
    if (body.length > LARGEST_BODY) throw new SyntaxError('too long');
  }
  return body;
}
