/** A mail server that is down, hangs, refuses, or loses its answer: nothing waits for it, and no letter is lost. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { person, seed } from '../local-slack/seed.ts';
import { eventually } from '../support/eventually.ts';
import { arrived, deadLetters, mailing, openMailServer, sent } from '../support/mail-server.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

describe('where the mail server', () => {
  it('is down, the direct message is sent nevertheless, and the e-mail once it is up, once', async () => {
    await using mail = await openMailServer();
    await mail.down();
    await using scenario = await openScenario({ env: mailing(mail) });
    const { dana, alex } = people(scenario);
    await requests(dana, alex);
    await alex.clicks('Approve', { in: 'api-requests' });
    await dana.finds(/Approved by @alex/);
    await alex.finds(/Approved by @alex/, { in: 'api-requests' });
    await eventually('the letter was tried in vain', async () => {
      const [job] = await scenario.database.sql`select retries from outbox where queue = 'outbox-mail'`;
      return job?.retries > 0;
    });
    await mail.up();
    await arrived(mail, /^Approved/);
    await sent(scenario);
    expect(mail.letters).toHaveLength(1);
  });

  it('accepts connections and does not respond, no card and no direct message waits for it', async () => {
    const calls: Socket[] = [];
    const silent = createServer((socket) => calls.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const eight = Array.from({ length: 8 }, (_, index) => `kim${index}`);
    const crowd = seed({ members: eight.map((name) => person(name)) });
    await using scenario = await openScenario({ env: mailing({ url: `smtp://127.0.0.1:${port}` }), seed: crowd });
    const { sam, alex } = people(scenario);
    for (const name of eight) await asks(scenario.workspace.person(name), ['Search API'], `Shop of ${name}`);
    await eventually('as many letters hang as may', async () => calls.length >= 4);
    await asks(sam, ['Search API'], 'Till');
    await alex.finds(/Till/, { in: 'api-requests' });
    await sam.finds(/Approved automatically/);
    // All of this was while the letters were still waiting: the mail server has taken none of them.
    const { sql } = scenario.database;
    expect(await sql`select from outbox where queue = 'outbox-mail' and dead_at is null`).toHaveLength(9);
    for (const call of calls) call.destroy();
    silent.close();
  });

  it('refuses a message permanently, it becomes a dead letter, and the next one is sent', async () => {
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail) });
    const { dana } = people(scenario);
    mail.answers.push(550);
    await asks(dana, ['Search API'], 'Shop');
    await eventually('it was put aside', async () => (await deadLetters(scenario)).length > 0);
    await dana.finds(/Approved automatically/);
    await dana.closes();
    await asks(dana, ['Search API'], 'Till');
    await arrived(mail, /for Till/);
    expect(await deadLetters(scenario)).toEqual([{ kind: 'decision-mail', why: 'SMTP 550' }]);
    expect(mail.letters).toHaveLength(1);
  });

  it.each([
    ['refuses temporarily', [451, 421]],
    ['requires a login that is not set, until an operator has set it', [530]],
  ])('%s, the message is retried', async (_, answers) => {
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail) });
    mail.answers.push(...answers);
    await asks(people(scenario).dana, ['Search API'], 'Shop');
    await arrived(mail, /for Shop/);
    expect(await deadLetters(scenario)).toEqual([]);
  });

  it('accepts a message and the response is lost, the retry has the same Message-ID', async () => {
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail) });
    mail.answers.push('cut');
    await asks(people(scenario).dana, ['Search API'], 'Shop');
    await eventually('it arrives twice', async () => mail.letters.length === 2);
    await sent(scenario);
    const [first, second] = mail.letters;
    expect(first?.messageId).toMatch(/^<registration-[\w-]+-1-U0DANA@acme\.example>$/);
    expect(second?.messageId).toBe(first?.messageId);
    expect(mail.letters).toHaveLength(2);
  });
});
