/**
 * Handles Get key, New key and Remove old key. A key exists here only while it is made: it goes to the gateway and into one
 * modal, and what is kept is its id and last four characters.
 */
import type { App, BlockButtonAction, BlockStaticSelectAction } from '@slack/bolt';
import { GatewayError } from '../../access/failure.ts';
import { makeKey } from '../../access/keys.ts';
import * as keys from '../../db/access/keys.ts';
import type { Deps } from '../../deps.ts';
import { type Interaction, openModal, respondToAction } from '../../slack/respond.ts';
import {
  chooseKey,
  getKeyButton,
  keyBeingRemoved,
  keyModal,
  keyNotMade,
  keyNotShown,
  keyRefusal,
  keyRemovedMeanwhile,
  keysModal,
  keyText,
  makingKey,
  newKeyButton,
  readKeyButton,
  removeKeyButton,
} from '../../views/registration/keys.ts';

type ModalView = ReturnType<typeof keyText>;

export function manageKeys(app: App, { db, gateways, now, log }: Deps): void {
  app.action<BlockButtonAction>(getKeyButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    await show({ client, body, respond }, body.user.id, readKeyButton(action.value).registration);
  });

  app.action<BlockStaticSelectAction>(chooseKey, async ({ ack, action, body, client, respond }) => {
    await ack();
    await show({ client, body, respond }, body.user.id, readKeyButton(action.selected_option.value).registration);
  });

  /** Shows the keys there are; where there is none, makes the first. */
  async function show(acted: Interaction, person: string, registration: string): Promise<void> {
    const found = await keys.findPlace(db.tables, registration, person);
    if (!found.ok) return respondToAction(acted, keyRefusal(found.refusal), log);
    if (found.place.keys.length > 0) {
      await openModal(acted, keysModal(shownOf(found.place)), log);
      return;
    }
    const view = await openModal(acted, makingKey, log);
    const update = (shown: ModalView) => acted.client.views.update({ view_id: view ?? '', view: shown });
    if (view) await make(acted, registration, person, update);
  }

  app.action<BlockButtonAction>(newKeyButton, async ({ ack, action, body, client, respond }) => {
    await ack();
    const show = (view: ModalView) => client.views.update({ view_id: body.view?.id ?? '', view });
    await show(makingKey);
    await make({ client, body, respond }, readKeyButton(action.value).registration, body.user.id, show);
  });

  app.action<BlockButtonAction>(removeKeyButton, async ({ ack, action, body, client }) => {
    await ack();
    const { registration, key: id } = readKeyButton(action.value);
    const before = await keys.findPlace(db.tables, registration, body.user.id);
    const removed = await keys.remove(db, { registration, id, person: body.user.id, at: now() });
    const key = before.ok ? before.place.keys.find((one) => one.id === id) : undefined;
    const view = removed.ok
      ? keysModal(shownOf(removed.place), key && keyBeingRemoved(key))
      : keyText(keyRefusal(removed.refusal));
    await client.views.update({ view_id: body.view?.id ?? '', view });
  });

  /** Makes a key and shows it. Where it cannot be shown, it is unknown to all, and is removed again. */
  async function make(
    acted: Interaction,
    registration: string,
    person: string,
    show: (view: ModalView) => Promise<unknown>,
  ): Promise<void> {
    // Where Slack does not take it, or the modal was closed, they would wait for the key, or believe in it.
    const tell = (why: string) => show(keyText(why)).catch(() => respondToAction(acted, why, log));
    const key = makeKey();
    const begun = await keys.begin(db, { registration, person, id: key.id, lastFour: key.lastFour, at: now() });
    if (!begun.ok) return void (await tell(keyRefusal(begun.refusal)));
    const { place } = begun;
    const gateway = gateways.get(place.gateway);
    try {
      if (!gateway?.keys) throw new GatewayError(place.gateway, 'unknown-gateway', 'it takes no keys');
      await gateway.keys.put(place.application.publicId, key);
    } catch (error) {
      // Its answer may be lost and the key there: the look at the gateway that follows removes it.
      await keys.abandon(db, place, key.id, now());
      if (!(error instanceof GatewayError)) throw error;
      log.warn({ err: error, gateway: place.gateway }, 'key was not made, and is removed if the gateway has it');
      return void (await tell(keyNotMade(place.gateway, error.failure)));
    }
    const { header, proxy: url } = gateway;
    const shown = { application: place.application.name, gateway: place.gateway, secret: key.secret, header, url };
    try {
      await show(keyModal(shown));
    } catch (error) {
      await keys.abandon(db, place, key.id, now());
      log.warn({ err: error, gateway: place.gateway }, 'key could not be shown and is removed again');
      return void (await tell(keyNotShown));
    }
    if (!(await keys.finish(db, place, key.id, person, now()))) await tell(keyRemovedMeanwhile);
  }
}

const shownOf = ({ application, ...place }: keys.KeyPlace) => ({ ...place, application: application.name });
