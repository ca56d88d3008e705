/** The kinds of messages and views that Registrar renders, as src/views exports them. */
import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../src/views/', import.meta.url);

/** Parts that others are made of. */
const parts = ['blocks.messageModal', 'reopened-form.withBlocks'];

/** Lists what src/views exports that is a message or a view, as "module.name". */
export const kinds = (): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      readFileSync(new URL(file, root), 'utf8')
        .split(/^(?=\S*(?:export|const|function|type) )/m)
        .flatMap((part) => {
          const [, name] = /^export (?:function|const) (\w+)/.exec(part) ?? [];
          return name && /(?:^|\)|\w): (?:Message|ModalView|HomeView)(?: =| \{)/m.test(part) ? [name] : [];
        })
        .map((name) => `${file.replace(/\.ts$/, '')}.${name}`),
    )
    .filter((name) => !parts.includes(name));
