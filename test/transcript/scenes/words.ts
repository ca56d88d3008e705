/** Help, and what is said when something is slow or fails. */
import { input, plain } from '../../../src/views/blocks.ts';
import * as fallbacks from '../../../src/views/fallbacks.ts';
import { helpText } from '../../../src/views/help.ts';
import { reopenedForm } from '../../../src/views/reopened-form.ts';
import { type Facts, list } from '../facts.ts';
import type { Scene } from '../scenes.ts';

export function wordScenes(facts: Facts): Scene[] {
  const { done, endedMessage, errorsModal, failed, formNotOpened, loading, notSaved, slow, staleControl } = fallbacks;
  const { textModal, working } = fallbacks;
  const rejecting = { title: plain('Reject request') };
  return [
    ['/register help', helpText],
    ['Slow, or failed', [formNotOpened, failed, slow, staleControl, notSaved].join('\n')],
    ['In a modal', textModal(failed)],
    ['Loading', loading],
    ['Working', working],
    ['Done', done],
    [
      'Refused too late',
      errorsModal(Object.fromEntries(list(facts.rows(10), (index) => [String(index), facts.reason]))),
    ],
    ['A form that was closed, and has failed', endedMessage(rejecting, undefined)],
    ['A form that was closed, and is done', endedMessage(rejecting, done)],
    [
      'A form that was closed before its next step',
      endedMessage({ title: plain('Edit service') }, { ...textModal(failed), submit: plain('Save') }),
    ],
    [
      'A form that could not be finished',
      reopenedForm({
        ...rejecting,
        submit: plain('Reject'),
        blocks: [input('reason', 'Reason', { type: 'plain_text_input', action_id: 'reason' })],
      }),
    ],
  ];
}
