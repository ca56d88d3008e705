/** The middle of the page: a conversation with its composer, or the bot's Home. */
import { readOnly } from '../actions/failed.ts';
import type { Channel } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { avatar } from './avatar.ts';
import { blocks } from './blocks/block.ts';
import { type Gateway, gatewayPlace } from './gateway.ts';
import { type Html, html } from './html.ts';
import { GATE, LETTER, LOCK } from './icons.ts';
import { type Mail, mail } from './mail.ts';
import { messageList } from './messages.ts';
import type { Notices } from './notices.ts';
import { address, appName, bot, placeName, type Reader } from './reader.ts';

type Look = { mail?: Mail; gateway?: Gateway };

export function main(reader: Reader, notices: Notices, { mail: letters, gateway }: Look): Html {
  const { viewer, place } = reader;
  // Another person or another place is another element: nothing typed for one may end up at the other.
  const key = `${viewer.id}/${placeName(place)}`;
  return html`<main class="main" data-key="${key}" data-place="${key}">
    ${head(reader)}
    ${middle()}
  </main>`;

  function middle(): Html {
    switch (place.kind) {
      case 'home':
        return home(reader);
      case 'mail':
        return mail(reader, letters?.to(viewer.email) ?? []);
      case 'gateway':
        return gateway ? gatewayPlace(reader, gateway) : html``;
      case 'channel':
        return conversation(reader, place.channel, notices);
    }
  }
}

function head(reader: Reader): Html {
  const { workspace, viewer, place } = reader;
  const back = html`<a class="back" data-go href="${address(viewer)}" aria-label="Back to the conversations of ${viewer.realName}"><span aria-hidden="true">‹</span>${avatar(viewer, 'avatar avatar-small')}</a>`;
  if (place.kind === 'channel' && place.channel.kind !== 'im') {
    const { channel } = place;
    const count = channel.members.filter((id) => !workspace.members.get(id)?.isBot).length;
    return html`<header class="head" data-key="head">
      ${back}<h2><span class="hash" aria-hidden="true">${channel.kind === 'private' ? LOCK : '#'}</span>${channel.name}</h2>
      ${channel.topic && html`<span class="topic">${channel.topic}</span>`}
      <span class="member-count" title="${channel.members.map((id) => workspace.members.get(id)?.realName ?? id).join(', ')}">${count} members</span>
    </header>`;
  }
  if (place.kind === 'mail') {
    return html`<header class="head" data-key="head">
      ${back}<h2><span class="hash" aria-hidden="true">${LETTER}</span>Mail</h2><span class="topic">What ${viewer.email} gets by e-mail</span>
    </header>`;
  }
  if (place.kind === 'gateway') {
    return html`<header class="head" data-key="head">
      ${back}<h2><span class="hash" aria-hidden="true">${GATE}</span>Gateway</h2><span class="topic">The applications that the gateway lets through</span>
    </header>`;
  }
  const tab = (name: string, label: string) =>
    html`<a class="tab" role="tab" data-go href="${address(viewer, name)}" aria-selected="${placeName(place) === name ? 'true' : 'false'}" data-key="tab:${name}">${label}</a>`;
  return html`<header class="head head-app" data-key="head">
    <div class="head-row">${back}${avatar(bot(workspace), 'avatar avatar-small')}<h2>${appName(workspace)}</h2><span class="app">APP</span></div>
    <div class="tabs" role="tablist">${tab('home', 'Home')}${tab('registrar', 'Messages')}</div>
  </header>`;
}

function home(reader: Reader): Html {
  const view = reader.workspace.home(reader.viewer.id);
  if (!view) {
    return html`<div class="scroller" data-key="scroller" data-open-home><p class="empty">${appName(reader.workspace)} has not published this page yet.</p></div>`;
  }
  const drawn = blocks({ reader, surface: view.id, values: view.state.values, errors: {} }, view.blocks);
  return html`<div class="scroller" data-key="scroller" data-open-home><div class="home" data-view="${view.id}" data-key="${view.id}">${drawn}</div></div>`;
}

function conversation(reader: Reader, channel: Channel, notices: Notices): Html {
  const { workspace, viewer } = reader;
  const messages = workspace.messagesFor(viewer.id, channel.id);
  const own = notices.of(viewer.id, channel.id);
  const name = channel.kind === 'im' ? appName(workspace) : `#${channel.name}`;
  return html`<div class="scroller" data-key="scroller" data-follow tabindex="-1">
      ${messages.length + own.length === 0 && html`<p class="empty" data-key="empty">${channel.kind === 'im' ? `What ${name} tells ${viewer.realName} alone appears here.` : `This is the very beginning of ${name}.`}</p>`}
      ${messageList(reader, messages, own)}
    </div>
    <button type="button" class="new-below" data-below data-own data-key="below" hidden></button>
    ${channel.kind === 'im' && workspace.app.readOnlyMessages ? html`<p class="composer composer-off" data-key="composer">${readOnly(name)} Type its commands in a channel.</p>` : composer(workspace.app.commands, channel, name)}`;
}

function composer(commands: Workspace['app']['commands'], channel: Channel, name: string): Html {
  return html`<form class="composer" data-composer="${channel.id}" data-key="composer">
      <div class="composer-box">
        <textarea rows="1" aria-label="Message ${name}" placeholder="Message ${name}" data-key="box" data-value=""></textarea>
        <div class="composer-row">
          ${commands.map(({ command, hint }) => html`<button type="button" class="hint-button" data-insert="${command}" title="${command} ${hint}">${command} <small>${hint}</small></button>`)}
          <button type="submit" class="send" aria-label="Send" data-key="send">➤</button>
        </div>
      </div>
    </form>`;
}
