/** E-mail in addition to the direct message: the same words, sent once where possible, and never delaying anything else. */
import { describe, expect, it } from 'vitest';
import { renderEmail } from '../../src/views/registration/email.ts';
import { person, seed } from '../local-slack/seed.ts';
import { arrived, deadLetters, mailing, openMailServer, sent } from '../support/mail-server.ts';
import { openScenario } from '../support/scenario.ts';
import { asks, people, requests } from '../support/steps.ts';

it('each decision reaches the owner as text and as HTML, with who decided and why, and a link that every owner can open', async () => {
  await using mail = await openMailServer();
  await using scenario = await openScenario({ env: mailing(mail) });
  const { dana, alex, priya } = people(scenario);
  await asks(dana, ['Payments API', 'Ledger API'], 'Shop');
  await priya.finds(/Ledger API/, { in: 'api-requests' });

  await alex.clicks('Approve', { in: 'api-requests', on: /Payments/ });
  await arrived(mail, /^Approved/);
  const [approved] = mail.letters;
  expect(approved).toMatchObject({
    from: { name: 'Registrar', address: 'registrar@acme.example' },
    to: [{ address: 'dana@acme.example' }],
    recipients: ['dana@acme.example'],
    subject: 'Approved: Payments API for Shop',
  });
  const link = 'https://acme.slack.com/app_redirect?app=A0REGISTRAR';
  const plainly = (text = '') => text.replace(link, 'link').trim();
  expect(plainly(approved?.text)).toMatchInlineSnapshot(`
    "Approved by Alex Novak
    Service: Payments API
    Application: Shop

    Shop can now use Payments API. Read the docs (https://docs.acme.example/payments).

    Open Registrar in Slack (link)"
  `);
  expect(plainly(approved?.html)).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en"><head><meta charset="utf-8"></head>
    <body style="font-family: sans-serif; line-height: 1.5">
    <p><strong>Approved by Alex Novak</strong></p>
    <p>Service: <strong>Payments API</strong><br>
    Application: <strong>Shop</strong></p>
    <p>Shop can now use Payments API. <a href="https://docs.acme.example/payments">Read the docs</a>.</p>
    <p><a href="link">Open Registrar in Slack</a></p>
    </body></html>"
  `);

  await priya.clicks('Reject', { in: 'api-requests', on: /Ledger/ });
  await priya.fills('Reason', 'The ledger is closed.\nAsk again in May.');
  await priya.submits();
  await arrived(mail, /^Rejected: Ledger API for Shop$/);
  expect(plainly(mail.letters.at(-1)?.text)).toMatchInlineSnapshot(`
    "Rejected by Priya Raman
    Service: Ledger API
    Application: Shop

    > The ledger is closed.
    > Ask again in May.

    You can ask again: the form comes filled in.

    Open Registrar in Slack (link)"
  `);
  expect(mail.letters.at(-1)?.html).toMatch(/Rejected by Priya Raman[\s\S]*The ledger is closed\.\nAsk again in May\./);

  await alex.finds(/Approved by @alex/, { in: 'api-requests' });
  await priya.clicks('Revoke', { in: 'api-requests', on: /Payments/ });
  await priya.fills('Reason', 'Keys were leaked');
  await priya.submits();
  await arrived(mail, /^Revoked: Payments API for Shop$/);
  expect(mail.letters.at(-1)?.text).toMatch(/^Revoked by Priya Raman\n[\s\S]*> Keys were leaked\n/);
  expect(mail.letters.at(-1)?.html).toMatch(/Revoked by Priya Raman[\s\S]*Keys were leaked/);

  await alex.finds(/Revoked by @priya/, { in: 'api-requests' });
  await alex.clicks('Reinstate', { in: 'api-requests', on: /Payments/ });
  await arrived(mail, /^Reinstated: Payments API for Shop$/);
  expect(mail.letters.at(-1)?.text).toMatch(/^Reinstated by Alex Novak\n/);

  await alex.finds(/Reinstated by @alex/, { in: 'api-requests' });
  await alex.clicks('Delete request', { in: 'api-requests', on: /Payments/ });
  await arrived(mail, /^Deleted: Payments API for Shop$/);
  expect(mail.letters.at(-1)?.text).toMatch(/^Deleted by Alex Novak\n[\s\S]*You can ask again with \/register\./);
  expect(mail.letters.at(-1)?.text).toContain(link);
  expect(mail.letters.at(-1)?.html).toContain(link);

  await asks(dana, ['Search API'], 'Shop');
  await arrived(mail, /^Approved: Search API for Shop$/);
  expect(mail.letters.at(-1)?.text).toMatch(/^Approved automatically\n/);
  expect(mail.letters).toHaveLength(6);
  expect(new Set(mail.letters.map(({ messageId }) => messageId)).size).toBe(6);
  expect(mail.letters.filter(({ text, html }) => !text?.includes(link) || /C0REQUESTS/.test(`${text}${html}`))).toEqual(
    [],
  );
});

describe.concurrent('what users write', () => {
  const markup = `<script>alert(1)</script></blockquote><a href="https://evil.example">"Free" & 'easy'</a>`;

  it('stays text: no markup, no other header, no other recipient', async ({ expect }) => {
    const usual = seed();
    for (const member of usual.members) {
      if (member.name === 'alex') member.realName = `Alex <b onclick="x">\r\nBcc: eve@evil.example`;
    }
    const catalog = `services:\n  - { slug: pay, name: "Pay\\r\\nBcc: eve@evil.example\\r\\n\\r\\n<h1>API</h1>" }\n`;
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail), seed: usual, catalog });
    const { dana, alex } = people(scenario);
    await asks(dana, ['Pay'], `<b>Shop</b> "& co"`);
    await alex.finds(/⏳/, { in: 'api-requests' });
    await alex.clicks('Approve', { in: 'api-requests' });
    await arrived(mail, /^Approved/);
    await alex.finds(/Approved by/, { in: 'api-requests' });
    await alex.clicks('Revoke', { in: 'api-requests' });
    await alex.fills('Reason', markup);
    await alex.submits();
    await arrived(mail, /^Revoked/);

    for (const { headers, recipients, html = '', subject } of mail.letters) {
      expect(headers.map(({ key }) => key).sort()).toEqual([
        'auto-submitted',
        'content-type',
        'date',
        'from',
        'message-id',
        'mime-version',
        'subject',
        'to',
      ]);
      expect(recipients).toEqual(['dana@acme.example']);
      expect(subject).toMatch(/ed: Pay Bcc: eve@evil\.example <h1>API<\/h1> for <b>Shop<\/b> "& co"$/);
      expect(
        [...html.matchAll(/<(?!\/)(\w+)/g)].map(([, tag]) => tag).filter((tag) => !ours.includes(tag ?? '')),
      ).toEqual([]);
      expect([...html.matchAll(/(?:href|onclick)="([^"]*)"/g)].map(([, url]) => url)).toEqual([
        expect.stringMatching(/^https:\/\/acme\.slack\.com\//),
      ]);
    }
    expect(mail.letters.at(-1)?.text).toContain(`> ${markup}`);
  });

  const ours = ['html', 'head', 'meta', 'body', 'p', 'strong', 'br', 'blockquote', 'code', 'a'];

  it.each(['Ledger\r\nBcc: eve@evil.example', 'Ledger\u2028Bcc: x', 'Ledger\0\u0085 API'])(
    'a subject is one line, whatever a service is called: %j',
    (name) => {
      const at = new Date(0);
      const approve = { version: 2, actor: 'U0ALEX', action: 'approve', from: 'pending', to: 'approved' } as const;
      const registration = {
        id: 1,
        publicId: '00000000-0000-4000-8000-000000000001',
        version: 2,
        status: 'approved' as const,
        service: { name, description: '', docs: null, state: 'open' as const },
        application: 'Shop',
        owners: ['U0DANA'],
        applicationDeleted: false,
        askedAgain: false,
        requester: 'U0DANA',
        reason: 'why',
        requestedAt: at,
        approvers: { users: [], groups: [], channel: 'C0ADMIN' },
        history: [],
        otherServices: [],
        previousRequests: [],
        access: null,
      };
      const entry = { ...approve, reason: null, at };
      const { subject } = renderEmail([{ registration, entry }], { decidedBy: 'Alex', app: undefined });
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    },
  );

  it('a profile with an invalid address, or several, gets no message; the others get theirs', async ({ expect }) => {
    const emails = [
      '',
      'dana@acme.example, eve@evil.example',
      'Eve <eve@evil.example>',
      'dana@acme.example\r\nBcc: eve@x',
    ];
    const odd = seed({ members: emails.map((email, index) => person(`kim${index}`, { email })) });
    await using mail = await openMailServer();
    await using scenario = await openScenario({ env: mailing(mail), seed: odd });
    for (const index of emails.keys()) {
      await asks(scenario.workspace.person(`kim${index}`), ['Search API'], `Till ${index}`);
    }
    await asks(people(scenario).dana, ['Search API'], 'Shop');
    await arrived(mail, /for Shop/);
    await sent(scenario);
    expect(mail.letters.flatMap(({ recipients }) => recipients)).toEqual(['dana@acme.example']);
    expect(await deadLetters(scenario)).toEqual([]);
  });
});

it('without SMTP_URL a decision looks up no other user, and no e-mail is enqueued', async () => {
  await using scenario = await openScenario();
  const { workspace, database } = scenario;
  const { dana, alex } = people(scenario);
  await requests(dana, alex);
  const before = workspace.calls.length;
  await alex.clicks('Approve', { in: 'api-requests' });
  await dana.finds(/Approved by @alex/);
  const lookedUp = workspace.calls.slice(before).filter(({ method }) => method === 'users.info');
  // Alex was looked up when the form was sent, to find whether anybody can decide.
  expect(lookedUp).toEqual([]);
  expect(await database.sql`select from outbox where queue = 'outbox-mail'`).toEqual([]);
});
