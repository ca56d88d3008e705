/**
 * A message whose button has done what it is for, or can do it no longer, is updated: each button of a message stands here,
 * with the message that has it, and what that message becomes.
 */
import { expect, it } from 'vitest';
import { usual } from './facts.ts';
import { scenes } from './scenes.ts';

const shown = new Map(scenes(usual));

/** History, in the menu of a card: a closed card keeps it. */
const lasting = ['history', 'more'];

/** The action_ids of the buttons and menus of what is posted; none of what is opened, published, or offered. */
function actionsOf(title: string): Set<string> {
  const one = shown.get(title);
  if (one === undefined) throw new Error(`there is no scene "${title}"`);
  const found = new Set<string>();
  if (typeof one === 'string' || !('blocks' in one) || 'type' in one) return found;
  JSON.stringify(one.blocks, (_, value) => {
    if (value?.action_id && !lasting.includes(value.action_id)) found.add(value.action_id);
    return value;
  });
  return found;
}

/** Messages that only their reader sees, and that Slack forgets: they are not updated, and a late click is answered. */
const ephemeral = ['/registrations', '/registrations: access', 'Key: the button'];

/** For each button the message that has it, and the same when the button is over. */
const ends: Record<string, [string, string][]> = {
  approve: [
    ['Card: pending', 'Card: approve, pending → approved'],
    ['Card: pending', 'Card: unregister, pending → unregistered'],
    ['Card: pending', 'Card: pending, its application deleted'],
  ],
  reject: [
    ['Card: pending', 'Card: reject, pending → rejected'],
    ['Card: pending', 'Card: expire, pending → expired'],
  ],
  revoke: [
    ['Card: approve, pending → approved', 'Card: revoke, approved → revoked'],
    ['Card: approve, pending → approved', 'Card: unregister, approved → unregistered'],
  ],
  reinstate: [['Card: revoke, approved → revoked', 'Card: reinstate, revoked → approved']],
  'open-home': [
    ['To an approver who cannot see the card', 'To this approver, when it is decided'],
    ['To an approver who cannot see the card', 'To this approver, when others decide'],
  ],
  'ask-again': [['To the owners: reject, pending → rejected', 'To the owners: rejected, and asked for again']],
  'get-key': [
    ['To the owners: access open', 'To the owners: approved, and revoked since'],
    ['To the owners: access is open', 'To the owners: access was open'],
  ],
  unregister: [['Reminder to the requester: one', 'Reminder to the requester: over, the only one']],
  'put-off': [['Reminder: several', 'Reminder: over']],
  'adopt-application': [['To admins: no owner', 'To admins: no owner, handed over']],
};

it('each button of a message is gone in what the message becomes', () => {
  const posted = [...shown.keys()].filter((title) => !ephemeral.includes(title));
  const all = new Set(posted.flatMap((title) => [...actionsOf(title)]));
  expect(all).toEqual(new Set(Object.keys(ends)));
  for (const [action, pairs] of Object.entries(ends))
    for (const [before, over] of pairs) {
      expect([before, actionsOf(before).has(action)]).toEqual([before, true]);
      expect([over, actionsOf(over).has(action)]).toEqual([over, false]);
    }
});
