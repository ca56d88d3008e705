/**
 * Pictures in Slack. One is uploaded to nobody, and seen where a message shows it by its id: so the message is still posted
 * once (posting.ts), and a picture that was uploaded twice is seen once. Not the SDK's `filesUploadV2`, which has one
 * promise for three calls and sends an argument that Slack does not have (`alt_text`, seen in @slack/web-api 8.2).
 */
import type { WebClient } from '@slack/web-api';
import { WebAPIPlatformError } from '@slack/web-api';

/** How long the upload itself may take, in milliseconds: as long as a call. */
const uploadFor = 10_000;

/** Uploads a picture and returns its id. It can be shown when Slack has looked through it, about a second later. */
export async function upload(client: WebClient, filename: string, picture: Uint8Array<ArrayBuffer>): Promise<string> {
  const { upload_url, file_id } = await client.files.getUploadURLExternal({ filename, length: picture.byteLength });
  if (!upload_url || !file_id) throw new Error('Slack offered an upload without saying where to');
  const response = await fetch(upload_url, {
    method: 'POST',
    body: picture,
    headers: { 'content-type': 'application/octet-stream' },
    redirect: 'error',
    signal: AbortSignal.timeout(uploadFor),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Slack did not take a picture (HTTP ${response.status})`);
  await client.files.completeUploadExternal({ files: [{ id: file_id, title: filename }] });
  return file_id;
}

/** Whether Slack refused a message because it is not done looking through the picture in it. */
export const isNotReady = (error: unknown): boolean =>
  error instanceof WebAPIPlatformError &&
  error.data.error === 'invalid_blocks' &&
  /slack.file/.test(JSON.stringify(error.data.response_metadata ?? {}));
