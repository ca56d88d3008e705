/** The main story by hand: in a real browser, on the page of the local Slack. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findChromium, howToInstall, openChromium } from '../demo/chromium.ts';
import { Mailbox } from '../demo/mailbox.ts';
import { sizes, type Visitor, visit } from '../demo/visitor.ts';
import { servePage } from '../local-slack/page/page.ts';
import { mailing, openMailServer } from '../support/mail-server.ts';
import { catalog, openScenario } from '../support/scenario.ts';

const executable = findChromium();
if (!executable) process.stdout.write(`The browser test is skipped: there is no Chromium here. ${howToInstall}\n`);

/** As many services more as make the Home offer a search. */
const others = Array.from({ length: 10 }, (_, n) => `  - { slug: other-${n}, name: Other ${n} }\n`).join('');

/** For people to look at. */
const screenshots = fileURLToPath(new URL('screenshots', import.meta.url));

async function shows(visitor: Visitor, stage: string): Promise<void> {
  await mkdir(screenshots, { recursive: true });
  await visitor.page.screenshot({ path: join(screenshots, `${stage}-${visitor.page.viewportSize()?.width}.png`) });
  expect(await visitor.page.evaluate(twins)).toEqual([]);
  expect(await visitor.overflow()).toEqual([]);
}

/** Neighbours with one key: when the page is redrawn, they become one element. */
const twins = `[...document.querySelectorAll('[data-key]')]
  .filter((one) => [...one.parentElement.children].some((other) => other !== one && other.dataset.key === one.dataset.key))
  .map((one) => one.outerHTML)`;

it.skipIf(!executable).each(Object.entries(sizes))(
  'in a %s window: two services are asked for, one approved and one rejected, and one given back',
  { timeout: 120_000 },
  async (_, size) => {
    const mailbox = new Mailbox();
    await using mail = await openMailServer((letter) => mailbox.add(letter));
    await using scenario = await openScenario({
      catalog: catalog + others,
      env: mailing(mail),
    });
    servePage(scenario.workspace, { mail: mailbox });
    await using browser = await openChromium(executable ?? '');
    const dana = await visit(browser, scenario.workspace, { as: 'dana', in: 'general' }, size);
    const alex = await visit(browser, scenario.workspace, { as: 'alex', in: 'api-requests' }, size);

    await dana.types('/register');
    await dana.picks('Services', 'pay', 'Payments API');
    await dana.picks('Services', 'led', 'Ledger API');
    await dana.picks('Application', 'Shop', 'Create "Shop"');
    await dana.modal.getByLabel('Reason').fill('Checkout for the new shop');
    await shows(dana, '1-dana-asks');
    await dana.presses('Request access');
    await dana.reads(dana.modal, /under review/);
    await shows(dana, '2-dana-is-told-to-wait');
    await dana.presses('Close');

    // Without a reload: each page follows what the other user does.
    const payments = alex.message('Payments API for');
    const ledger = alex.message('Ledger API for');
    await alex.reads(payments, /Dana Reyes.*Checkout for the new shop.*can decide/s);
    await alex.reads(ledger, /can decide/);
    await shows(alex, '3-alex-is-asked');
    await alex.goes('App Home');
    const home = alex.page.getByRole('main');
    const search = home.getByRole('textbox', { name: 'Find a service' });
    await alex.reads(home, /To review \(2\).*Shop/s);
    await search.fill('nothing like it');
    await search.press('Enter');
    await alex.reads(home, /No service matches/);
    await search.fill('');
    await search.press('Enter');
    await alex.reads(home, /Other 1/);
    await alex.goes('api-requests');
    await alex.presses('Approve', payments);
    await alex.reads(payments, /Approved by @Alex/);
    await alex.misses(payments.getByRole('button', { name: 'Approve' }));

    await alex.presses('Reject', ledger);
    await alex.modal.getByLabel('Reason').fill('The ledger is closed for the audit');
    await shows(alex, '4-alex-rejects');
    await alex.presses('Reject');
    await alex.misses(alex.modal);
    await alex.reads(ledger, /Rejected by @Alex.*closed for the audit/s);
    await shows(alex, '5-alex-has-decided');

    await dana.goes('App Home');
    await dana.presses('More actions', dana.page.getByRole('main'));
    await dana.reads(dana.page.getByRole('menu'), /Rename.*Hand over.*Delete/s);
    await shows(dana, '6-dana-has-an-application');
    await dana.page.keyboard.press('Escape');
    await dana.goes('Registrar');
    await dana.reads(dana.message('Payments API'), /Approved by @Alex/);
    await dana.reads(dana.message('Ledger API'), /Rejected by @Alex.*closed for the audit/s);
    await shows(dana, '7-dana-is-told');
    await dana.goes('Mail');
    await dana.reads(dana.letter('Rejected: Ledger API for Shop'), /closed for the audit/);
    await shows(dana, '8-dana-reads-her-mail');
    await dana.goes('general');

    await dana.types('/unregister');
    await dana.picks('Registration', 'pay', 'Payments API — Shop (approved)');
    await shows(dana, '9-dana-gives-it-back');
    await dana.presses('Unregister');
    await dana.reads(dana.modal, /Unregistered/);
    await alex.reads(payments, /Unregistered by @Dana/);
    await alex.misses(payments.getByRole('button', { name: /Approve|Reject|Revoke/ }));
    await shows(alex, '10-alex-sees-it-gone');

    expect([...dana.problems, ...alex.problems]).toEqual([]);
  },
);
