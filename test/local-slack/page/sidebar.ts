/** The left of the page: whom one plays, and where one can go. */
import type { Member } from '../model.ts';
import { avatar } from './avatar.ts';
import type { Gateway } from './gateway.ts';
import { type Html, html } from './html.ts';
import { GATE, HOUSE, LETTER, LOCK } from './icons.ts';
import type { Mail } from './mail.ts';
import type { Notices } from './notices.ts';
import { address, appName, bot, channelsOf, people, placeName, type Reader } from './reader.ts';
import { type Time, timeControl } from './time.ts';

/** Everybody at a glance, with a badge on those for whom something has happened. */
export function rail(reader: Reader, notices: Notices, title: string): Html {
  return html`<nav class="rail" aria-label="People" data-key="rail">
    <span class="rail-team" title="${title}" aria-hidden="true">${title[0]}</span>
    ${people(reader.workspace).map((member) => {
      const waiting = notices.waiting(member.id);
      const own = member.id === reader.viewer.id;
      return html`<a class="rail-person" data-go href="${address(member, homeOf(reader, member))}" data-key="${member.id}"
        title="${member.realName} · ${member.title}" aria-label="Be ${member.realName}${!own && waiting > 0 && `, ${waiting} new`}" ${own && html`aria-current="true"`}>
        ${avatar(member, 'avatar')}${!own && badge(waiting)}<small aria-hidden="true">${firstName(member)}</small></a>`;
    })}
  </nav>`;
}

export function sidebar(
  reader: Reader,
  notices: Notices,
  { title, mail, gateway, time }: { title: string; mail?: Mail; gateway?: Gateway; time?: Time },
): Html {
  const { workspace, viewer } = reader;
  const here = placeName(reader.place);
  const direct = workspace.imWith(viewer.id);
  const app = bot(workspace);
  return html`<aside class="sidebar" data-key="sidebar">
    <header class="team"><h1>${title}</h1></header>
    <button type="button" class="you" popovertarget="people" aria-haspopup="menu" data-key="you">
      ${avatar(viewer, 'avatar avatar-small')}<span>You are <strong>${firstName(viewer)}</strong></span><span class="caret" aria-hidden="true">▾</span></button>
    <div popover role="menu" class="menu people" id="people" aria-label="Play another person" data-key="people">${people(
      workspace,
    ).map((member) => {
      const waiting = member.id === viewer.id ? 0 : notices.waiting(member.id);
      return html`<a role="menuitem" class="menu-item" data-go href="${address(member, homeOf(reader, member))}" data-key="${member.id}">
        ${avatar(member, 'avatar')}<span class="menu-person">${member.realName}<small>${member.title}</small></span>${badge(waiting)}</a>`;
    })}</div>
    <nav aria-label="Conversations" data-key="conversations">
      <h2>Channels</h2>
      ${channelsOf(workspace, viewer).map((channel) => {
        const unread = notices.unread(viewer.id, channel.id);
        return place(
          reader,
          channel.name,
          here,
          unread,
          html`<span class="hash" aria-hidden="true">${channel.kind === 'private' ? LOCK : '#'}</span>`,
          channel.name,
          html`<span class="dot"></span>`,
        );
      })}
      <h2>Apps</h2>
      ${place(reader, 'registrar', here, notices.unread(viewer.id, direct.id), avatar(app, 'avatar avatar-tiny'), appName(workspace), badge(notices.unread(viewer.id, direct.id)))}
      ${place(reader, 'home', here, 0, html`<span class="hash" aria-hidden="true">${HOUSE}</span>`, 'App Home', false)}
      ${(mail || gateway) && html`<h2>Outside Slack</h2>`}
      ${mail && place(reader, 'mail', here, notices.unreadMail(viewer), html`<span class="hash" aria-hidden="true">${LETTER}</span>`, 'Mail', badge(notices.unreadMail(viewer)))}
      ${gateway && place(reader, 'gateway', here, 0, html`<span class="hash" aria-hidden="true">${GATE}</span>`, 'Gateway', false)}
    </nav>
    <div class="sidebar-foot">${time && timeControl(time)}<p class="sidebar-note">A local workspace. Open this page twice to be two people at once.</p></div>
  </aside>`;
}

function place(
  reader: Reader,
  name: string,
  here: string,
  unread: number,
  icon: Html,
  label: string,
  mark: Html | false,
): Html {
  const current = name === here;
  return html`<a class="place ${unread > 0 && !current && 'place-unread'}" data-go href="${address(reader.viewer, name)}" data-key="${name}"
    ${current && html`aria-current="page"`}>${icon}<span class="place-name">${label}</span>${unread > 0 && !current && mark}</a>`;
}

/** Keeps the place when another person is played, where that person can see it. */
function homeOf(reader: Reader, member: Member): string | undefined {
  if (reader.listing) return undefined;
  if (reader.place.kind === 'channel' && !reader.place.channel.members.includes(member.id)) {
    return reader.place.channel.kind === 'im'
      ? 'registrar'
      : (channelsOf(reader.workspace, member)[0]?.name ?? 'registrar');
  }
  return placeName(reader.place);
}

function firstName(member: Member): string {
  return member.realName.split(' ')[0] ?? member.name;
}

function badge(count: number): Html | false {
  return count > 0 && html`<span class="badge" aria-label="${count} new">${count > 99 ? '99+' : count}</span>`;
}
