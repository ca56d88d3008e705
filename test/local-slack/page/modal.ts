/** The modal on top of a person's stack. */
import { avatar } from './avatar.ts';
import { blocks } from './blocks/block.ts';
import { type Html, html, nothing } from './html.ts';
import { bot, type Reader } from './reader.ts';
import { plain } from './text/emoji.ts';

export function modal(reader: Reader): Html {
  const stack = reader.workspace.views(reader.viewer.id);
  const view = stack.at(-1);
  if (view?.type !== 'modal') return nothing;
  const close = view.close?.text ?? (view.submit ? 'Cancel' : 'Close');
  const around = { reader, surface: view.id, values: view.state.values, errors: view.errors };
  // One dialog for the whole stack, so that the backdrop does not flicker; a form for each view of it.
  return html`<dialog class="modal" aria-labelledby="modal-title" data-key="modal" data-root="${view.root_view_id}">
    <form data-view="${view.id}" data-key="${view.id}" novalidate>
      <header class="modal-head">
        ${stack.length > 1 && html`<button type="button" class="button-plain" data-close="${view.id}" aria-label="Back">‹</button>`}
        ${avatar(bot(reader.workspace), 'avatar avatar-modal')}
        <h2 id="modal-title">${plain(view.title.text)}</h2>
        <button type="button" class="button-plain" data-close="${view.root_view_id}" aria-label="Dismiss">×</button>
      </header>
      <div class="modal-body" data-key="body">${blocks(around, view.blocks)}</div>
      <p class="modal-error" role="alert" data-own data-key="error" hidden></p>
      <footer class="modal-foot" data-key="foot">
        <button type="button" class="button" data-close="${view.id}">${plain(close)}</button>
        ${view.submit && html`<button type="submit" class="button button-primary">${plain(view.submit.text)}</button>`}
      </footer>
    </form>
  </dialog>`;
}
