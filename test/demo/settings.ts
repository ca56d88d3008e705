/** The settings of the demo's bot: short intervals, so that a few days show everything, and what the environment says instead. */
import type { Seed } from '../local-slack/seed.ts';
import { channel, seed } from '../local-slack/seed.ts';

const escalations = 'C0ESCALATIONS';

/** The usual people and channels, and one for requests that have waited long. */
export function acme(): Seed {
  const topic = 'Requests that wait for an answer';
  const members = ['U0ALEX', 'U0LEE', 'U0REGISTRAR'];
  return seed({ channels: [channel(escalations, 'api-escalations', members, { kind: 'private', topic })] });
}

/** A reminder on each of the first three days, the third one escalated; expiry on the fifth; a digest on Mondays. */
export const settings: Readonly<Record<string, string>> = {
  REMIND_AFTER: '4h',
  REMINDER_SCHEDULE: '* * * * *',
  ESCALATION_CHANNEL: escalations,
  EXPIRE_PENDING_AFTER: '5d',
  DIGEST_SCHEDULE: '0 9 * * 1',
  TIME_ZONE: new Intl.DateTimeFormat().resolvedOptions().timeZone,
};

/** The variables that the demo takes from its environment. Where Slack, the database and mail are, it decides itself. */
const honored = [
  ...Object.keys(settings),
  'APPROVERS',
  'ALLOW_SELF_APPROVAL',
  'AUTO_APPROVE',
  'MAX_PENDING_PER_PERSON',
  'MAX_REQUESTS_PER_HOUR',
  'MAX_APPLICATIONS_PER_PERSON',
  'MAX_ACTS_PER_PERSON',
  'ALLOW_EXTERNAL',
  'LOG_LEVEL',
];

/** Picks the settings of an environment. An empty one turns off what is optional: `DIGEST_SCHEDULE= npm run demo`. */
export const settingsIn = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(honored.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
