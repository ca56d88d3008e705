/** A process that is killed between the commit and the post loses nothing. */
import { expect, it } from 'vitest';
import { environment } from '../support/bot.ts';
import { eventually } from '../support/eventually.ts';
import { kill, runReady } from '../support/process.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people } from '../support/steps.ts';

it('after a crash between commit and post, card and reminder are posted once at the next start', async () => {
  await using scenario = await openScenario({ bots: 0 });
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url, CATALOG_FILE: scenario.catalogFile });
  // Everything is due at once.
  const first = await runReady({ ...env, REMINDER_SCHEDULE: '* * * * * *', REMIND_AFTER: '1s' });
  const isReminder = ({ text }: Record<string, unknown>) => /waiting for a decision/.test(String(text));
  const post = workspace.hold('chat.postMessage', (args) => !isReminder(args) && args.channel === 'C0REQUESTS');
  const reminder = workspace.hold('chat.postMessage', (args) => isReminder(args) && args.channel === 'C0REQUESTS');
  await asks(dana, ['Payments API'], 'Shop');
  await Promise.all([post.reached, reminder.reached]);
  await kill(first);
  // Slack has the request and may still post it, or not; the process that would learn of it is dead.
  post.release();
  reminder.release();

  await scenario.startAnother();
  await eventually('the second bot has taken over', async () => {
    const left = await database.sql`select from outbox where dead_at is null and kind <> 'copies'`;
    return left.length === 0;
  });
  const reminders = () => alex.sees('api-requests').filter((text) => /^:bell: A request is waiting/.test(text));
  expect(reminders()).toHaveLength(1);
  expect(alex.sees('api-requests')).toHaveLength(2);
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  await workspace.until(() => reminders().length === 0);
  expect(alex.sees('api-requests')).toHaveLength(1);
});
