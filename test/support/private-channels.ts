/** Watches whether people read of channels that they cannot see: in messages, forms and Homes, while a scenario plays. */
import type { Workspace } from '../local-slack/workspace.ts';

/** With more people than these the forms of each are not looked at. */
const maxWatched = 50;

/** Watches from now on. Returns a function that lists the people who have read about a private channel that they cannot see, with where, since its last call. */
export function watchChannels(workspace: Workspace): () => string[] {
  const found = new Set<string>();
  const looked = new Map<string, string>();
  let calls = 0;

  const canSee = (person: string, id: string): boolean => {
    // Slack shows nothing to who has left.
    if (workspace.members.get(person)?.deleted) return true;
    const { kind, members } = workspace.channels.get(id) ?? { kind: 'public', members: [] };
    return kind === 'public' || members.includes(person);
  };
  const readers = (id: string): string[] =>
    (workspace.channels.get(id)?.members ?? [id]).filter((person) => !workspace.members.get(person)?.isBot);

  function read(what: string, shown: unknown, people: string[]): void {
    for (const id of channelsIn(shown))
      for (const person of people) if (!canSee(person, id)) found.add(`${person} reads of ${id} in ${what}`);
  }

  workspace.onChange(() => {
    if (calls > workspace.calls.length) calls = 0;
    for (const { method, args } of workspace.calls.slice(calls)) {
      const { channel, user, user_id, ...shown } = args;
      if (method === 'chat.postEphemeral') read(method, shown, [String(user)]);
      else if (method.startsWith('chat.') && channel) read(`${method}: ${args.text}`, shown, readers(String(channel)));
      else if (method === 'views.publish') read('Home', shown, [String(user_id)]);
    }
    calls = workspace.calls.length;
    if (workspace.members.size > maxWatched) return;
    for (const person of workspace.members.keys())
      for (const view of workspace.views(person)) {
        const { id, hash } = view;
        if (looked.get(id) === hash) continue;
        looked.set(id, hash);
        read('title' in view ? view.title.text : 'Home', view.blocks, [person]);
      }
  });
  return () => {
    for (const person of workspace.members.keys())
      for (const { id } of workspace.channels.values())
        for (const { ephemeralTo, text, blocks } of workspace.messagesFor(person, id))
          if (ephemeralTo === person) read(`whisper: ${text}`, { text: { type: 'mrkdwn', text }, blocks }, [person]);
    const listed = [...found];
    found.clear();
    return listed;
  };
}

/** Lists the channels that a payload names or links to. What a person has typed names none: it is plain text. */
function channelsIn(shown: unknown): string[] {
  const ids: string[] = [];
  JSON.stringify(shown, (key, value) => {
    if (value?.type === 'mrkdwn') ids.push(...idsIn(value.text));
    else if (value?.type === 'channel') ids.push(value.channel_id);
    else if (value?.type === 'link' || key === 'url') ids.push(...idsIn(String(value?.url ?? value)));
    return value;
  });
  return ids;
}

const idsIn = (text: string): string[] =>
  [...text.matchAll(/<#([CG]\w+)>|\/archives\/([CG]\w+)\//g)].map(([, named, linked]) => named ?? linked ?? '');
