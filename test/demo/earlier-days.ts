/** Plays what happened at Acme in the days before the demo, so that the approval channel is not empty at the start. */
import type { Person } from '../local-slack/people.ts';
import { day, hour } from './clock.ts';
import type { System } from './system.ts';

/** How many days it takes: the clock starts as many behind. */
export const earlierDays = 4;

const requests = { in: 'api-requests' };

export async function playEarlierDays({ workspace, moveTo }: System): Promise<void> {
  const [sam, lee, alex, priya] = ['sam', 'lee', 'alex', 'priya'].map((name) => workspace.person(name)) as [
    Person,
    Person,
    Person,
    Person,
  ];

  async function asks(person: Person, service: string, application: string, reason: string): Promise<void> {
    await person.types('/register');
    await person.picks('Services', service);
    await person.picks('Application', application);
    await person.fills('Reason', reason);
    const outcome = await person.submits();
    if ('errors' in outcome) throw new Error(JSON.stringify(outcome.errors));
    await person.closes();
    await alex.finds(new RegExp(`${service}.*\\[Approve\\]`, 's'), requests);
  }

  /** Waits until the requester has read of the decision: what is delivered later would belong to another day. */
  async function hears(person: Person, service: string): Promise<void> {
    await person.finds(new RegExp(service));
  }

  await asks(sam, 'Notifications API', 'Mobile app', 'Push messages when a parcel is on its way');
  await moveTo(-4 * day + 2 * hour);
  await alex.clicks('Approve', { ...requests, on: /Notifications API/ });
  await hears(sam, 'Notifications API');
  await moveTo(-3 * day);

  await asks(lee, 'Fraud Score API', 'Account guard', 'Find accounts that were taken over');
  await moveTo(-3 * day + hour);
  await priya.clicks('Reject', { ...requests, on: /Fraud Score API/ });
  await priya.fills('Reason', 'Scores are about orders. The Identity API has the sign-ins you need');
  await priya.submits();
  await hears(lee, 'Fraud Score API');
  await moveTo(-2 * day);

  await asks(sam, 'Loyalty API', 'Mobile app', 'Show the points of a customer on the start screen');
  await moveTo(-2 * day + 3 * hour);
  await alex.clicks('Approve', { ...requests, on: /Loyalty API/ });
  await hears(sam, 'Loyalty API');
  await moveTo(-1 * day);

  await asks(lee, 'Identity API', 'Account guard', 'Read failed sign-ins, to lock accounts under attack');
  await moveTo(0);
}

/** What waits since this morning: it is new when the page opens. */
export async function playToday({ workspace }: System): Promise<void> {
  const [sam, alex] = [workspace.person('sam'), workspace.person('alex')];
  await sam.types('/register');
  await sam.picks('Services', 'Shipping API');
  await sam.picks('Application', 'Mobile app');
  await sam.fills('Reason', 'Customers follow their parcel in the app');
  await sam.submits();
  await sam.closes();
  await alex.finds(/Shipping API/, requests);
  await workspace.say(
    'alex',
    'general',
    'Do you need one of our APIs? Type `/register` here and say what for. I see it in *api-requests*, and you hear from me. `/unregister` gives it up again.',
  );
}
