/**
 * Shows in an open form what is found about a text while it is being typed. Slack sends each state of the text, also while an
 * earlier one is still looked up, in any order. What is typed stays as it is: an update leaves the field alone.
 */
import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import { withTimeout } from '../async/timeout.ts';
import type { Log } from '../observability/log.ts';
import { lookupTimeout, needsNoResponse } from './respond.ts';

/** A state of a text: in which form, as Slack has it, and when, in Slack's seconds. `notice` is what the form shows. */
type Typed = { client: WebClient; body: object; view: { id: string; hash: string }; at: number; notice: Notice };

/** What a form says about a text; undefined for nothing. */
type Notice = string | undefined;

type Shown = { hash: string; notice: Notice };

export function createNotices(log: Log) {
  /** By the id of a form: when the newest text came, and what the form shows once it is looked up. */
  const forms = new Map<string, { at: number; shown: Promise<Shown> }>();

  return { show, end };

  /**
   * Updates a form with what is found about its newest text. In each form one after the other, each over the view that the
   * one before has left: a view that has taken its place is not overwritten. What fails is said by the submission.
   */
  async function show(typed: Typed, found: Promise<Notice>, render: (notice: Notice) => ModalView): Promise<void> {
    const { client, body, view, at } = typed;
    needsNoResponse(body);
    const before = forms.get(view.id);
    const seen = { hash: view.hash, notice: typed.notice };
    const shown = update().catch((error): Shown => {
      log.warn({ err: error }, 'notice about a typed text was not shown, the submission says it');
      return seen;
    });
    if (before && at < before.at) return void (await shown);
    forms.set(view.id, { at, shown });
    await shown;
    if (forms.get(view.id)?.at === at) forms.delete(view.id);

    async function update(): Promise<Shown> {
      const [known, notice] = await Promise.all([before?.shown ?? seen, found]);
      // A newer text is looked up, or the form was submitted.
      if (forms.get(view.id)?.at !== at || notice === known.notice) return known;
      const updated = await client.views.update({ view_id: view.id, hash: known.hash, view: render(notice) });
      return { hash: updated.view?.hash ?? known.hash, notice };
    }
  }

  /** Ends what is looked up for a form that is submitted, so that no notice replaces the errors on its fields. */
  async function end(form: string): Promise<void> {
    const last = forms.get(form);
    if (!last) return;
    const ended = { at: Number.POSITIVE_INFINITY, shown: last.shown };
    forms.set(form, ended);
    await withTimeout(lookupTimeout, last.shown, undefined);
    if (forms.get(form) === ended) forms.delete(form);
  }
}
