/** Mentions of people, groups and channels. Unknown ids are shown as they are, as in Slack. */
import { type Html, html } from '../html.ts';
import { address, channelsOf, type Reader } from '../reader.ts';

export function userMention(reader: Reader, id: string): Html {
  const member = reader.workspace.members.get(id);
  const own = id === reader.viewer.id;
  return html`<span class="mention${own ? ' mention-own' : ''}" title="${member?.title ?? ''}">@${member?.realName ?? id}</span>`;
}

export function groupMention(reader: Reader, id: string): Html {
  const group = [...reader.workspace.groups.values()].find((each) => each.id === id);
  const own = group?.users.includes(reader.viewer.id) ?? false;
  return html`<span class="mention${own ? ' mention-own' : ''}" title="${group?.name ?? ''}">@${group?.handle ?? id}</span>`;
}

export function channelMention(reader: Reader, id: string): Html {
  const channel = channelsOf(reader.workspace, reader.viewer).find((each) => each.id === id);
  if (channel)
    return html`<a class="mention" data-go href="${address(reader.viewer, channel.name)}">#${channel.name}</a>`;
  const other = reader.workspace.channels.get(id);
  return html`<span class="mention">#${other?.kind === 'public' ? other.name : 'private-channel'}</span>`;
}

/** A mention that pings a whole channel: drawn so that it cannot be missed. */
export function broadcast(range: string): Html {
  return html`<span class="mention mention-own">@${range}</span>`;
}

/** `https://acme.slack.com/archives/C0REQUESTS/p1700000000000100`: a link to a message of this workspace. */
const PERMALINK = /^https:\/\/[\w-]+\.slack\.com\/archives\/(\w+)\/p(\d+)(\d{6})/;

/** Anything but a link to the web or a mail address is shown as text: a page must not run `javascript:` links. */
export function link(reader: Reader, url: string, label: Html | string): Html {
  const [, channel, seconds, micros] = PERMALINK.exec(url) ?? [];
  if (channel && seconds && micros) {
    return html`<a data-go href="${address(reader.viewer, channel)}#m${seconds}.${micros}">${label}</a>`;
  }
  if (!/^(https?:|mailto:)/i.test(url)) return html`${label}`;
  return html`<a href="${url}" target="_blank" rel="noreferrer">${label}</a>`;
}
