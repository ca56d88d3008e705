/** The baselines: a bare Bolt app that does one thing by hand, as quickly as one would write it. A process of its own. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { App, type BlockButtonAction, HTTPReceiver, type ViewSubmitAction } from '@slack/bolt';
import postgres from 'postgres';
import { connect } from '../../src/db/client.ts';
import * as cards from '../../src/db/registration/cards.ts';
import * as requests from '../../src/db/registration/requests.ts';
import type { Effect } from '../../src/domain/effects.ts';
import { requestCard } from '../../src/views/registration/card.ts';
import {
  readRegisterForm,
  registerModal,
  registerModalId,
  servicesPicker,
} from '../../src/views/registration/register-modal.ts';

const {
  SLACK_BOT_TOKEN: token = '',
  SLACK_SIGNING_SECRET: signingSecret = '',
  SLACK_API_URL: slackApiUrl = '',
  DATABASE_URL: url,
  POLL,
} = process.env;

const receiver = new HTTPReceiver({ signingSecret });
const app = new App({ token, receiver, clientOptions: { slackApiUrl }, deferInitialization: true });
const sql = url ? postgres(url, { max: 10 }) : undefined;

/** With a database, the form shows the person's only application, as the bot's does. */
async function onlyApplication(person: string) {
  if (!sql) return undefined;
  const [only, ...more] = await sql<{ publicId: string; name: string }[]>`
    select a.public_id as "publicId", a.name from applications a join application_owners o on o.application_id = a.id
    where o.user_id = ${person} and a.deleted_at is null limit 2`;
  return more.length === 0 ? only : undefined;
}

app.command('/register', async ({ ack, command, client }) => {
  await ack();
  const application = await onlyApplication(command.user_id);
  await client.views.open({ trigger_id: command.trigger_id, view: registerModal({ application }) });
});

if (url && sql) {
  /** The same rows as the bot writes for a decision, in one transaction. */
  app.action<BlockButtonAction>('approve', async ({ ack, action, body }) => {
    await ack();
    const [publicId = '', version] = (action.value ?? '').split('@');
    const seen = Number(version);
    const by = body.user.id;
    const at = new Date();
    await sql.begin(async (tx) => {
      const [row] = await tx`
        update registrations set status = 'approved', version = version + 1, changed_by = ${by}, changed_at = ${at}
        where public_id = ${publicId} and version = ${seen} and status = 'pending' returning id::int, requester`;
      if (!row) return;
      const { id } = row;
      const event = { registration: id, version: seen + 1 };
      const effects = [
        ...['card', 'homes'].map((kind) => ({ kind, ...event })),
        { kind: 'decision', person: row.requester, events: [event] },
      ];
      await tx`
        insert into outbox (queue, lane, priority, front, effect)
        select 'outbox', (effect ->> 'kind') || ':' || ${id}::int, 0, true, effect
        from jsonb_array_elements(${tx.json(effects)}) effect`;
      await tx`
        insert into history (registration_id, version, actor, action, from_status, to_status, at)
        values (${id}, ${seen + 1}, ${by}, 'approve', 'pending', 'approved', ${at})`;
    });
  });

  /** A picker as one would first write it. */
  app.options(servicesPicker, async ({ ack, options }) => {
    const like = `%${options.value}%`;
    const found = await sql`
      select public_id as id, name from services where name ilike ${like} or slug ilike ${like} or description ilike ${like}
      order by lower(name), id limit 100`;
    await ack({ options: found.map(({ id, name }) => ({ text: { type: 'plain_text', text: name }, value: `${id}` })) });
  });

  // The bot's own commit, and the same card posted directly after it; or, with POLL, by a look every so many milliseconds.
  const left: Effect[] = [];
  const outbox = { enqueue: async (_: unknown, effects: Effect[]) => void left.push(...effects) };
  const db = { tables: connect(url).tables, outbox };
  const policy = { approvers: [], adminChannel: 'C0REQUESTS', allowSelfApproval: false, allowExternal: false };
  const postAll = async (): Promise<void> => {
    for (const effect of left.splice(0)) {
      if (effect.kind !== 'card') continue;
      const found = await cards.find(db, effect.registration, policy);
      if (found)
        await app.client.chat.postMessage({ channel: policy.adminChannel, ...requestCard(found.registration) });
    }
  };
  app.view<ViewSubmitAction>(registerModalId, async ({ ack, body, view }) => {
    const read = readRegisterForm(view.state?.values);
    if (!read.ok) throw new Error(JSON.stringify(read.errors));
    const at = new Date();
    const asked = {
      requester: body.user.id,
      form: view.id,
      at,
      remindAt: at,
      autoApprove: false,
      maxPending: 20,
      maxPerHour: 1_000_000,
      maxApplications: 1_000_000,
    };
    const who = { account: 'member', policy } as const;
    const opened = await requests.create(db, { ...read.form, ...asked, ...who });
    if (!opened.ok) throw new Error(JSON.stringify(opened.refusal));
    await ack();
    if (!POLL) await postAll();
  });
  if (POLL) setInterval(postAll, Number(POLL));
}

await app.init();
const server = createServer(receiver.requestListener);
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'it is ready', port: (server.address() as AddressInfo).port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
