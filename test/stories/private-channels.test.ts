/**
 * A private channel is neither named nor linked to people who cannot see it. Each scenario of every test watches for that when
 * it ends (test/support/private-channels.ts); here is who reads of one, in each way, without seeing it.
 */
import { describe, expect, it } from 'vitest';
import { channel, seed } from '../local-slack/seed.ts';
import { storyModes } from '../support/bot.ts';
import { openTimedScenario } from '../support/clock.ts';
import { asks, people } from '../support/steps.ts';

const atHome = { in: 'home' } as const;
const whispered = { in: 'whispered' } as const;

/** Alex and Priya decide by default; the vault's channel only Lee sees, and the one that it moves to only Sam. */
const company = () =>
  seed({
    channels: [
      channel('C0VAULT', 'vault', ['U0LEE', 'U0REGISTRAR'], { kind: 'private' }),
      channel('C0SAFE', 'safe', ['U0SAM', 'U0REGISTRAR'], { kind: 'private' }),
    ],
  });

describe.each(storyModes)('over %s', (mode) => {
  it('not in refusals, Homes, forms, histories and messages about a service, its cards, or what is wrong', async () => {
    await using timed = await openTimedScenario('2026-11-02T08:00:00Z', {
      mode,
      seed: company(),
      env: { ESCALATION_CHANNEL: 'C0REQUESTS', DIGEST_SCHEDULE: '0 12 * * 1' },
    });
    const { scenario, untilDelivered, advanceTo } = timed;
    const { workspace, database } = scenario;
    const { dana, sam, alex, lee } = people(scenario);
    await database.sql`insert into services (slug, name, managed_by, channel) values ('vault', 'Vault API', 'slack', 'C0VAULT')`;

    // The requester, in the confirmation, the receipt and Home.
    await asks(dana, ['Vault API'], 'Shop');
    expect(dana.reads).toContain('waiting for the API team');
    await dana.closes();
    await lee.finds(/Vault API for Shop/, { in: 'vault' });
    await dana.opensHome();
    expect(await dana.finds(/Vault API/, atHome)).toContain('waiting for the API team');

    // Who decided until now, in Home, and clicks there.
    await lee.opensHome();
    await lee.finds(/Vault API — Shop/, atHome);
    await untilDelivered();
    await workspace.leave('lee', 'vault');
    await lee.clicks('Approve', atHome);
    await lee.finds(/Only the API team can decide Vault API for Shop\. Nothing was changed\./, { in: 'modal' });
    await lee.closes();
    await workspace.join('lee', 'vault');

    // An admin who is not in it: catalog, form, review and history.
    await alex.opensHome();
    expect(await alex.finds(/Vault API/, atHome)).not.toMatch(/vault,|#vault/);
    await alex.clicks('Edit', { ...atHome, on: /`vault`/ });
    await alex.finds(/== Edit a service/, { in: 'modal' });
    await alex.fills('Description', 'Keeps secrets');
    await alex.submits();
    await alex.finds(/its requests are posted in a private channel, and the API team can decide/, { in: 'modal' });
    expect(await alex.submits()).toEqual({ closed: true });
    await untilDelivered();

    // It moves: the messages in each channel, the card's place, and the history of the service.
    await database.sql`update services set channel = 'C0SAFE', approvers = '{U0SAM}', version = version + 1 where slug = 'vault'`;
    await database.sql`
      insert into service_changes (service_id, version, actor, before, after, at)
      select id, version, 'U0ALEX', '{"channel": "C0VAULT", "approvers": []}', '{"channel": "C0SAFE", "approvers": ["U0SAM"]}', '2026-11-02T08:00:00Z'
      from services where slug = 'vault'`;
    await database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox', 'rules:' || id || ':' || "when", 0, true,
        jsonb_build_object('kind', 'rules', 'service', id, 'version', version, 'when', "when")
      from services, unnest(array['before', 'after']) "when" where slug = 'vault'`;
    await database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox', 'service:' || id, 0, true, jsonb_build_object('kind', 'service', 'service', id, 'after', 0)
      from services where slug = 'vault'`;
    await sam.finds(/changed the rules[\s\S]*Approval channel {2}a private channel → #safe/, { in: 'safe' });
    await lee.finds(/changed the rules[\s\S]*Approval channel {2}#vault → a private channel/, { in: 'vault' });
    await lee.finds(/has moved to another channel/, { in: 'vault' });
    await untilDelivered();
    await alex.clicks('History', { ...atHome, on: /`vault`/ });
    await alex.finds(/Approval channel {2}a private channel → a private channel/, { in: 'modal' });
    await alex.closes();

    // An earlier request, whose card is where the readers of the new one are not.
    await sam.clicks('Reject', { in: 'safe' });
    await sam.fills('Reason', 'No');
    await sam.submits();
    await dana.finds(/Rejected by @sam/);
    await untilDelivered();
    await database.sql`update services set channel = null, approvers = '{}' where slug = 'vault'`;
    await dana.clicks('Ask again', { in: 'messages' });
    await dana.finds(/== Register/, { in: 'modal' });
    await dana.submits();
    await dana.closes();
    expect(await alex.finds(/Vault API for Shop/, { in: 'api-requests' })).toMatch(
      /rejected by @sam(?!.*Open the card)/,
    );

    // What is escalated, the digest, and what cannot be delivered.
    await database.sql`update services set channel = 'C0SAFE' where slug = 'vault'`;
    for (const day of ['03', '05', '09']) await advanceTo(`2026-11-${day}T12:00:00Z`);
    await alex.finds(/In another channel/, { in: 'api-requests' });
    await sam.finds(/Access requests/, { in: 'safe' });
    await workspace.leave('registrar', 'safe');
    await database.sql`
      insert into outbox (queue, lane, priority, front, effect)
      select 'outbox', 'rules:1:after', 0, true, jsonb_build_object('kind', 'rules', 'service', id, 'version', version, 'when', 'after')
      from services where slug = 'vault'`;
    await alex.finds(/Registrar cannot reach a private channel \(`C0SAFE`\)/, { in: 'api-requests' });
    expect(await dana.types('/registrations')).toBeDefined();
    await dana.finds(/Your applications/, whispered);
  });
});
