/** A process that is killed between the commit and the post loses nothing. */
import { expect, it } from 'vitest';
import { environment } from './support/bot.ts';
import { eventually } from './support/eventually.ts';
import { openOffice } from './support/office.ts';
import { asks, people } from './support/people.ts';
import { kill, runReady } from './support/program.ts';

it('between the commit and the post, the card is there after the next start, once', async () => {
  await using office = await openOffice({ bots: 0 });
  const { workspace, database } = office;
  const { dana, alex } = people(office);
  const env = environment(workspace, 'socket', { DATABASE_URL: database.url, CATALOG_FILE: office.catalogFile });
  const first = await runReady(env);
  const post = workspace.hold('chat.postMessage');
  await asks(dana, ['Payments API'], 'Shop');
  await post.reached;
  await kill(first);
  // Slack has the request and may still post it, or not; nobody is there to be told.
  post.release();

  const second = await runReady(env);
  await eventually(
    'the second process has taken over',
    async () => {
      const left = await database.sql`select from pgboss.job where name = 'outbox' and state < 'completed'`;
      return left.length === 0;
    },
    30_000,
  );
  expect(alex.sees('api-requests')).toHaveLength(1);
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  expect(alex.sees('api-requests')).toHaveLength(1);
  await kill(second);
}, 60_000);
