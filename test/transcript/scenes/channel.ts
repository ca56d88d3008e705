/** What channels read: reminders, the digest, incidents and open access. */
import { gatewayFailures } from '../../../src/domain/access.ts';
import { destinations } from '../../../src/domain/effects.ts';
import { accessAlarm, maxNamed } from '../../../src/views/channel/access-alarm.ts';
import { copyMessage } from '../../../src/views/channel/copy.ts';
import { digestMessage } from '../../../src/views/channel/digest.ts';
import { incidentMessage } from '../../../src/views/channel/incident.ts';
import { lastReminders, maxListed, reminderMessage, replacedReminder } from '../../../src/views/channel/reminder.ts';
import { alex, at, type Facts, id, leads, list, now } from '../facts.ts';
import type { Scene } from '../scenes.ts';

const causes = [
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'is_inactive',
  'messages_tab_disabled',
  'missing_scope',
  'user_not_found',
  'user_disabled',
  'crashed',
  'another_error',
];

export function channelScenes(facts: Facts): Scene[] {
  const { service, application, gateway, group } = facts;
  const link = 'https://acme.slack.com/archives/C0REQUESTS/p1';
  const row = (index: number) => ({
    id: index,
    publicId: id,
    version: 1,
    service,
    application,
    called: facts.person,
    requestedAt: at,
    link,
    state: index === 2 ? ('disabled' as const) : ('open' as const),
    elsewhere: index === 1 ? { channel: 'C0GENERAL' } : undefined,
    expires: index === 0 ? now : undefined,
    snoozed: index === 2 ? { by: alex, until: now } : undefined,
  });
  const rows = list(Math.max(facts.rows(maxListed), 3), row);
  const day = (index: number) => ({ date: `2026-11-${16 + index}`, opened: 3, approved: 2, rejected: 1 });
  const quietDay = (index: number) => ({ ...day(index), opened: 0, approved: 0, rejected: 0 });
  const week = {
    days: list(7, day),
    automatic: 2,
    withdrawn: 1,
    deleted: 2,
    expired: 3,
    timeToDecision: { median: 3_600_000, percentile95: 90_000_000 },
    waiting: 4,
    oldest: { service, application, requestedAt: at, channel: null, ts: null },
  };
  const quiet = {
    ...week,
    days: list(7, quietDay),
    automatic: 0,
    withdrawn: 0,
    deleted: 0,
    expired: 0,
    timeToDecision: null,
    waiting: 0,
    oldest: null,
  };
  const places = ['C0REQUESTS', ...destinations, 'slack', `gateway:${gateway}`];
  const alarm = { application, group, since: at, failure: 'timeout' as const };
  return [
    ['Reminder: one', reminderMessage([{ ...row(3), link: undefined }], 1, { users: [alex], groups: [] }, now)],
    [
      'Reminder: several',
      reminderMessage(rows, 50, { users: list(Math.max(facts.rows(60), 2), () => alex), groups: [leads] }, now),
    ],
    [
      'Reminder: of a channel that its readers cannot see',
      reminderMessage(
        [{ ...row(0), link: undefined, elsewhere: { channel: null } }],
        1,
        { users: [], groups: [] },
        now,
      ),
    ],
    ['Reminder: over', replacedReminder],
    ['Reminder: the last, of one', lastReminders([row(0)], 1, now)],
    ['Reminder: the last, of several', lastReminders(rows, 50, now)],
    ['Digest', digestMessage(week, { link, withChart: true }, now)],
    ['Digest: of a quiet week', digestMessage(quiet, { link: undefined, withChart: false }, now)],
    ...causes.map(
      (why): Scene => [`Incident: ${why}`, incidentMessage({ place: 'C0REQUESTS', why, open: true, deadLetters: 1 })],
    ),
    ...places.map(
      (place): Scene => [
        `Incident: at ${place.split(':')[0]}`,
        incidentMessage({ place, why: 'crashed', open: false, deadLetters: 2 }),
      ],
    ),
    ...['slack', 'database'].map(
      (place): Scene => [
        `Incident: what is looked up, ${place}`,
        incidentMessage({ place, why: 'missing_scope', open: true, deadLetters: 0 }),
      ],
    ),
    ...gatewayFailures.map(
      (why): Scene => [
        `Incident: the gateway, ${why}`,
        incidentMessage({ place: `gateway:${gateway}`, why, open: true, deadLetters: 0 }),
      ],
    ),
    ['Access still open', accessAlarm(gateway, { rows: list(facts.rows(maxNamed), () => alarm), total: 30 })],
    ['Incident: one message', incidentMessage({ place: 'direct', why: 'user_disabled', open: false, deadLetters: 1 })],
    ['A copy of a message', copyMessage(link)],
    ['A copy of a message, of which the other is not known', copyMessage(undefined)],
    ['Access still open, of one', accessAlarm(gateway, { rows: [{ ...alarm, failure: null }], total: 1 })],
  ];
}
