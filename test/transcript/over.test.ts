/**
 * A message whose button has done what it is for, or can do it no longer, is updated: each button of a message stands here,
 * with each way in which it can be over, the message that has it, and what that message becomes. test/stories/over.test.ts
 * plays those that follow no decision.
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

const ways = [
  /** It was decided, asked for again, or the clock has ended it. */
  'done',
  /** An owner has withdrawn it or given it up. */
  'unregistered',
  /** The owners have deleted the application. */
  'application deleted',
  /** The reader owns the application, or decides the request, no longer. */
  'handed over',
  /** An admin has disabled or retired the service. */
  'service closed',
  /** The service gives access no longer, or somewhere else. */
  'access changed',
] as const;

/** The message with a button, and what it becomes; or why the button stays, and what a click does. */
type End = [string, string][] | string;

const checkedAtTheClick = 'who may decide is checked at the click, and the answer names who may';
const stillDecided = 'what waits is still decided, and the card says that the service is closed';
const nothing = 'it has nothing to do with it';

/** For each button and each way the message that has it, and the same when the button is over. */
const ends: Record<string, Record<(typeof ways)[number], End>> = {
  approve: {
    done: [['Card: pending', 'Card: approve, pending → approved']],
    unregistered: [['Card: pending', 'Card: unregister, pending → unregistered']],
    'application deleted': [['Card: pending', 'Card: pending, its application deleted']],
    'handed over': checkedAtTheClick,
    'service closed': stillDecided,
    'access changed': nothing,
  },
  reject: {
    done: [
      ['Card: pending', 'Card: reject, pending → rejected'],
      ['Card: pending', 'Card: expire, pending → expired'],
    ],
    unregistered: [['Card: pending', 'Card: unregister, pending → unregistered']],
    'application deleted': [['Card: pending', 'Card: unregister, pending → unregistered']],
    'handed over': checkedAtTheClick,
    'service closed': stillDecided,
    'access changed': nothing,
  },
  revoke: {
    done: [['Card: approve, pending → approved', 'Card: revoke, approved → revoked']],
    unregistered: [['Card: approve, pending → approved', 'Card: unregister, approved → unregistered']],
    'application deleted': [['Card: approve, pending → approved', 'Card: unregister, approved → unregistered']],
    'handed over': checkedAtTheClick,
    'service closed': 'what was approved lasts, and can be revoked',
    'access changed': 'the registration lasts, and can be revoked',
  },
  reinstate: {
    done: [['Card: revoke, approved → revoked', 'Card: reinstate, revoked → approved']],
    unregistered: 'only an approver ends what is revoked',
    'application deleted': 'the answer says that the application was deleted: “Card: pending, its application deleted”',
    'handed over': checkedAtTheClick,
    'service closed': 'what was approved once can be reinstated',
    'access changed': nothing,
  },
  'open-home': {
    done: [
      ['To an approver who cannot see the card', 'To this approver, when it is decided'],
      ['Reminder to an approver who cannot see the card: one', 'Reminder to this approver: over, the only one'],
    ],
    unregistered: [
      ['To an approver who cannot see the card', 'To this approver, when it is decided'],
      ['Reminder to an approver who cannot see the card: one', 'Reminder to this approver: over, withdrawn'],
    ],
    'application deleted': [
      ['To an approver who cannot see the card', 'To this approver, when it is decided'],
      ['Reminder to an approver who cannot see the card: one', 'Reminder to this approver: over, withdrawn'],
    ],
    'handed over': [
      ['To an approver who cannot see the card', 'To this approver, when others decide'],
      ['Reminder to an approver who cannot see the card: one', 'Reminder to this approver: over, others decide'],
    ],
    'service closed': 'Home has the request, and says that the service is closed',
    'access changed': nothing,
  },
  'ask-again': {
    done: [['To the owners: reject, pending → rejected', 'To the owners: rejected, and asked for again']],
    unregistered: 'what was removed from the list can be asked for again',
    'application deleted': [
      ['To the owners: reject, pending → rejected', 'To the owners: rejected, and its application deleted'],
      ['To the owners: expire, pending → expired', 'To the owners: expired, and its application deleted'],
    ],
    'handed over': [
      ['To the owners: reject, pending → rejected', 'To an owner: rejected, and handed over'],
      ['To the owners: expire, pending → expired', 'To an owner: expired, and handed over'],
    ],
    'service closed': 'it may open again; until then a click is answered: “Ask again: refused”',
    'access changed': nothing,
  },
  'get-key': {
    done: [['To the owners: access open', 'To the owners: approved, and revoked since']],
    unregistered: [
      ['To the owners: access is open', 'To the owners: access was open'],
      ['To the owners: access has moved, with keys', 'To the owners: access had changed, and ended'],
    ],
    'application deleted': [
      ['To the owners: access is open', 'To the owners: access was open'],
      ['To the owners: access has moved, with keys', 'To the owners: access had changed, and ended'],
    ],
    'handed over': [
      ['To the owners: access open', 'To an owner: access open, and handed over'],
      ['To the owners: access is open', 'To an owner: access is open, and handed over'],
      ['To the owners: access has moved, with keys', 'To an owner: access has moved, and handed over'],
    ],
    'service closed': 'what was approved keeps its access, and its keys',
    'access changed': [
      ['To the owners: access open', 'To the owners: approved, and access taken away'],
      ['To the owners: access is open', 'To the owners: access was open'],
      ['To the owners: access has moved, with keys', 'To the owners: access had changed, and changed back'],
    ],
  },
  unregister: {
    done: [['Reminder to the requester: one', 'Reminder to the requester: over']],
    unregistered: [['Reminder to the requester: one', 'Reminder to the requester: over, the only one']],
    'application deleted': [['Reminder to the requester: one', 'Reminder to the requester: over, the only one']],
    'handed over': [['Reminder to the requester: one', 'Reminder to the requester: handed over']],
    'service closed': 'it still waits, and the message says that the service is closed',
    'access changed': nothing,
  },
  'put-off': {
    done: [['Reminder: several', 'Reminder: over']],
    unregistered: [['Reminder: several', 'Reminder: over']],
    'application deleted': [['Reminder: several', 'Reminder: over']],
    'handed over': checkedAtTheClick,
    'service closed': stillDecided,
    'access changed': nothing,
  },
  'adopt-application': {
    done: [['To admins: no owner', 'To admins: no owner, handed over']],
    unregistered: nothing,
    'application deleted': 'without an owner no one can delete it',
    'handed over': checkedAtTheClick,
    'service closed': nothing,
    'access changed': nothing,
  },
};

it('each button of a message is gone in what the message becomes', () => {
  const posted = [...shown.keys()].filter((title) => !ephemeral.includes(title));
  const all = new Set(posted.flatMap((title) => [...actionsOf(title)]));
  expect(all).toEqual(new Set(Object.keys(ends)));
  for (const [action, byWay] of Object.entries(ends))
    for (const end of Object.values(byWay)) {
      // A reason may name the scene with the answer.
      for (const [, scene = ''] of typeof end === 'string' ? end.matchAll(/“(.+)”/g) : [])
        expect(shown.has(scene), scene).toBe(true);
      for (const [before, over] of typeof end === 'string' ? [] : end) {
        expect([before, actionsOf(before).has(action)]).toEqual([before, true]);
        expect([over, actionsOf(over).has(action)]).toEqual([over, false]);
      }
    }
});

/** Messages with the buttons of another that stands above, whose end is the same. */
const alike = /^Card: |^Reminder|several/;

it('each message with buttons stands above', () => {
  const standing = Object.values(ends).flatMap((byWay) =>
    Object.values(byWay).flatMap((end) => (typeof end === 'string' ? [] : end.map(([before]) => before))),
  );
  const others = [...shown.keys()].filter(
    (title) => actionsOf(title).size > 0 && !ephemeral.includes(title) && !alike.test(title),
  );
  expect(others.filter((title) => !standing.includes(title))).toEqual([]);
});
