/** Asks Slack whether it would take every kind of message and view that Registrar sends (samples.ts). Nothing is posted. */
import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import { z } from 'zod';
import { slackErrorCode } from '../../slack/errors.ts';
import { type CheckResult, checkEach, errorSummary, fail, joinList, ok, warn } from './check-result.ts';
import { type Sample, samples } from './samples.ts';

/** What blocks.validate answers about a payload that Slack would refuse (https://docs.slack.dev/reference/methods/blocks.validate). */
const refusals = ['invalid_blocks', 'invalid_message', 'invalid_view'];
const details = z.object({
  errors: z.array(z.object({ pointer: z.string().catch(''), message: z.string().catch('') })),
});

/** Validates every sample. Says nothing where this Slack does not have the method. */
export async function checkBlockKit(
  client: WebClient,
  views: [string, Sample[]][] = Object.entries(samples).map(([name, make]) => [name, make()]),
): Promise<{ findings: CheckResult[] }> {
  const all = views.flatMap(([name, some]) => some.map((sample) => ({ name, sample })));
  try {
    const refused = (await checkEach(all, ({ name, sample }) => refusalOf(client, name, sample))).filter(
      (one) => one !== null,
    );
    if (refused.length === 0)
      return { findings: [ok('messages', `Slack takes all ${views.length} kinds of message and form.`)] };
    return {
      findings: [
        fail(
          'messages',
          `Slack would refuse ${joinList(refused)}. Please report it: this version of Registrar sends them.`,
        ),
      ],
    };
  } catch (error) {
    if (slackErrorCode(error) === 'unknown_method') return { findings: [] };
    return { findings: [warn('messages', `not validated: ${errorSummary(error)}.`)] };
  }
}

/** Returns why Slack would refuse a sample; null where it takes it. */
async function refusalOf(client: WebClient, name: string, sample: Sample): Promise<string | null> {
  try {
    // `text` is no part of it.
    await client.blocks.validate('type' in sample ? { view: sample } : { message: { blocks: sample.blocks } });
    return null;
  } catch (error) {
    if (!(error instanceof WebAPIPlatformError) || !refusals.includes(error.data.error)) throw error;
    const [first] = details.safeParse(error.data).data?.errors ?? [];
    return `${name} (${first ? `${first.pointer}: ${first.message}` : error.data.error})`;
  }
}
