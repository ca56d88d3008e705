import type { Member } from '../model.ts';
import { type Html, html } from './html.ts';
import { SHIELD } from './icons.ts';

/** How many colours base.css has. */
const COLOURS = 8;

/** Initials on a colour that stays with the person; a mark of their own for the app and for Slack itself. */
export function avatar(member: Member | undefined, look: string): Html {
  if (!member) return html`<span class="${look} avatar-slackbot" aria-hidden="true">✱</span>`;
  if (member.isBot) return html`<span class="${look} avatar-app" aria-hidden="true">${SHIELD}</span>`;
  const initials = member.realName
    .split(' ')
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('');
  return html`<span class="${look} colour-${colourOf(member.id)}" aria-hidden="true">${initials}</span>`;
}

/** The numbers in it are those that give the people of the usual seed five different colours. */
function colourOf(id: string): number {
  return [...id].reduce((sum, character) => (sum * 10 + (character.codePointAt(0) ?? 0)) % 9973, 4) % COLOURS;
}
