/** files.*: pictures that messages show. An upload is three calls, and Slack looks through the file after the last of them. */
import { z } from 'zod';
import type { Inside } from '../inside.ts';
import type { StoredFile } from '../model.ts';
import { refuse } from '../refusal.ts';
import { type Args, required } from './arguments.ts';
import type { Method } from './method.ts';

/** The reference: "File uploads are limited to 1 GB"; nobody here needs as much. */
const LARGEST = 10 * 1024 * 1024;

function getUploadUrl(args: Args, { state, uploadUrl }: Inside) {
  const name = required(args, 'filename');
  const length = Number(required(args, 'length'));
  if (!Number.isInteger(length) || length < 1) refuse('invalid_arguments');
  if (length > LARGEST) refuse('file_upload_size_restricted');
  const file: StoredFile = { id: state.nextId('F'), name, length, ready: false };
  state.files.set(file.id, file);
  return { file_id: file.id, upload_url: uploadUrl(file.id) };
}

/** What is posted to the address of an upload, by whoever knows it: it takes no token. */
function take(args: Args, { state }: Inside) {
  const file = state.files.get(required(args, 'ticket')) ?? refuse('file_not_found');
  const { content } = args;
  if (!(content instanceof Buffer) || content.length !== file.length) return refuse('invalid_arguments');
  file.content = content.toString('base64');
  return {};
}

const wanted = z.array(z.object({ id: z.string(), title: z.string().optional() })).min(1);

function complete(args: Args, { state, lookThrough }: Inside) {
  if (args.channel_id ?? args.channels) refuse('posting_to_channel_denied');
  const read = wanted.safeParse(args.files);
  if (!read.success) return refuse('invalid_arguments');
  const files = read.data.map(({ id }) => {
    const file = state.files.get(id);
    return file?.content === undefined ? refuse('file_not_found') : file;
  });
  for (const file of files) {
    lookThrough(file);
  }
  return { files: read.data };
}

export const files = {
  'files.getUploadURLExternal': { scope: 'files:write', tier: 4, run: getUploadUrl },
  upload: { tier: 'special', token: 'none', run: take },
  'files.completeUploadExternal': { scope: 'files:write', tier: 4, run: complete },
} as const satisfies Record<string, Method>;
