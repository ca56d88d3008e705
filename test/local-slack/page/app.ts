/** All that changes while the page is open; the document around it is drawn once. */

import type { Gateway } from './gateway.ts';
import { type Html, html } from './html.ts';
import type { Mail } from './mail.ts';
import { main } from './main.ts';
import { modal } from './modal.ts';
import type { Notices } from './notices.ts';
import { appName, placeName, type Reader } from './reader.ts';
import { rail, sidebar } from './sidebar.ts';
import type { Time } from './time.ts';

/** `mail` is absent where there is no mail server: then there is no such place. */
export type Look = { title: string; mail?: Mail; gateway?: Gateway; time?: Time };

export function app(reader: Reader, notices: Notices, look: Look): Html {
  const { viewer, place } = reader;
  return html`<div id="app" data-as="${viewer.name}" data-in="${placeName(place)}" ${reader.listing && html`data-listing`} data-title="${titleOf(reader)} · ${viewer.realName} · ${look.title}">
    ${rail(reader, notices, look.title)}${sidebar(reader, notices, look)}${main(reader, notices, look)}${modal(reader)}
  </div>`;
}

function titleOf({ workspace, place }: Reader): string {
  if (place.kind !== 'channel') return { home: 'Home', mail: 'Mail', gateway: 'Gateway' }[place.kind];
  return place.channel.kind === 'im' ? appName(workspace) : `#${place.channel.name}`;
}

const STYLES = [
  'base',
  'sidebar',
  'main',
  'messages',
  'blocks',
  'controls',
  'modal',
  'fields',
  'picker',
  'mail',
  'gateway',
  'narrow',
];

export function pageDocument(content: Html, title: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/page/icon.svg">
${STYLES.map((name) => html`<link rel="stylesheet" href="/page/${name}.css">`)}
<script type="module" src="/page/client.js"></script>
</head>
<body>
${content}
<div id="toast" class="toast" role="alert" hidden></div>
<div id="announcer" class="announcer" role="status" aria-live="polite"></div>
</body>
</html>`.markup;
}
