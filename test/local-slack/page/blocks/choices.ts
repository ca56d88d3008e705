/** Radio buttons and checkboxes. */
import type { Checkboxes, RadioButtons } from '@slack/types';
import type { ViewState } from '../../model.ts';
import { type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { text } from '../text/text.ts';

export function choices(
  reader: Reader,
  element: RadioButtons | Checkboxes,
  name: string,
  state: ViewState | undefined,
): Html {
  const chosen = [state?.selected_options ?? state?.selected_option].flat().map((option) => option?.value);
  const kind = element.type === 'checkboxes' ? 'checkbox' : 'radio';
  return html`${element.options.map((option) => {
    const checked = chosen.includes(option.value ?? '') && html`checked`;
    return html`<label class="choice"><input type="${kind}" name="${name}" value="${option.value ?? ''}" data-option="${JSON.stringify(option)}" ${checked}>
      <span>${text(reader, option.text)}${option.description && html`<small>${text(reader, option.description)}</small>`}</span></label>`;
  })}`;
}
