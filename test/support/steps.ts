/** The people of the usual scenario, and the steps that most stories share. */
import type { Person } from '../local-slack/people.ts';
import type { Workspace } from '../local-slack/workspace.ts';

/** Dana and Sam are developers; Alex and Priya are in the admin channel; Lee is not. */
export function people({ workspace }: { workspace: Workspace }) {
  return {
    dana: workspace.person('dana'),
    sam: workspace.person('sam'),
    alex: workspace.person('alex'),
    priya: workspace.person('priya'),
    lee: workspace.person('lee'),
  };
}

/** Fills the form "Register an application" and submits it. */
export async function asks(person: Person, services: string[], application: string, reason = 'Checkout for the shop') {
  await person.types('/register');
  for (const service of services) await person.picks('Services', service);
  await person.picks('Application', application);
  await person.fills('Reason', reason);
  return person.submits();
}

/** Requests a registration, and waits until an approver sees its card. */
export async function requests(person: Person, approver: Person, service = 'Payments API', application = 'Shop') {
  await asks(person, [service], application);
  await person.closes();
  await approver.finds(new RegExp(service), { in: 'api-requests' });
}
