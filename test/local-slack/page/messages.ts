/** The messages of a conversation, as one person sees them. */
import { values } from '../blocks/values.ts';
import type { Member, Message } from '../model.ts';
import { avatar } from './avatar.ts';
import { blocks } from './blocks/block.ts';
import { type Html, html } from './html.ts';
import type { Notice } from './notices.ts';
import type { Reader } from './reader.ts';
import { clock, dayOf } from './text/dates.ts';
import { mrkdwn } from './text/mrkdwn.ts';

/** Plain messages of one person that follow each other this closely share one avatar, as in Slack. */
const TOGETHER_SECONDS = 5 * 60;

type Entry = { ts: string; message?: Message; notice?: Notice };

export function messageList(reader: Reader, messages: Message[], notices: Notice[]): Html {
  const entries: Entry[] = [
    ...messages.filter((message) => !message.thread_ts).map((message) => ({ ts: message.ts, message })),
    ...notices.map((notice) => ({ ts: notice.ts, notice })),
  ].sort((a, b) => Number(a.ts) - Number(b.ts));
  const now = reader.workspace.now();
  return html`<ol class="messages" data-key="messages">${entries.map((entry, index) => {
    const before = entries[index - 1];
    const day = dayOf(entry.ts, now);
    const newDay =
      (!before || dayOf(before.ts, now) !== day) &&
      html`<li class="day" data-key="day:${day}"><span>${day}</span></li>`;
    const drawn = entry.message
      ? messageItem(reader, entry.message, messages, newDay ? undefined : before?.message)
      : entry.notice && noticeItem(entry.notice);
    return html`${newDay}${drawn}`;
  })}</ol>`;
}

function messageItem(reader: Reader, message: Message, all: Message[], before: Message | undefined): Html {
  const author = reader.workspace.members.get(message.user);
  const hidden = message.ephemeralTo !== undefined;
  const follows = before !== undefined && !hidden && belongsTo(message, before);
  const replies = all.filter((other) => other.thread_ts === message.ts);
  return html`<li class="message ${follows && 'message-follows'} ${hidden && 'message-hidden'}" id="m${message.ts}"
    data-key="${message.ts}" data-channel="${message.channel}" data-ts="${message.ts}">
    ${follows ? html`<time class="gutter">${clock(message.ts)}</time>` : avatar(author, 'avatar')}
    <div class="message-body">
      ${hidden && html`<p class="only-you"><span aria-hidden="true">◉</span> Only visible to you</p>`}
      ${!follows && byline(author, message.ts)}
      ${body(reader, message)}
      ${replies.length > 0 && html`<ol class="replies" aria-label="Thread">${replies.map((reply) => messageItem(reader, reply, [], undefined))}</ol>`}
    </div>
  </li>`;
}

function belongsTo(message: Message, before: Message): boolean {
  if (message.user !== before.user || before.ephemeralTo !== undefined) return false;
  if (message.blocks.length || before.blocks.length) return false;
  return Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS;
}

function body(reader: Reader, message: Message): Html {
  const edited = message.edited && html`<span class="edited" data-key="edited">(edited)</span>`;
  if (!message.blocks.length) return html`<div class="b-text">${mrkdwn(reader, message.text)} ${edited}</div>`;
  const surface = `${message.channel}/${message.ts}`;
  const drawn = blocks({ reader, surface, values: values(message.blocks), errors: {} }, message.blocks);
  return html`<div class="blocks" data-key="blocks">${drawn}</div>${edited}`;
}

function byline(author: Member | undefined, ts: string): Html {
  return html`<p class="byline"><strong>${author?.realName ?? 'Unknown user'}</strong>${author?.isBot && html` <span class="app">APP</span>`}
    <time>${clock(ts)}</time></p>`;
}

/** Renders what Slack itself says, to this person alone. */
function noticeItem(notice: Notice): Html {
  return html`<li class="message message-hidden" data-key="${notice.ts}">
    ${avatar(undefined, 'avatar')}
    <div class="message-body">
      <p class="only-you"><span aria-hidden="true">◉</span> Only visible to you</p>
      <p class="byline"><strong>Slackbot</strong> <time>${clock(notice.ts)}</time></p>
      <div class="b-text" role="alert">${notice.text}</div>
    </div>
  </li>`;
}
