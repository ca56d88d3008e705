/** Checks a catalog file in a process of its own, which `checkCatalogApart` starts. */
import { type CatalogText, parseOpened } from './catalog-file.ts';

// Not `once`: it would end before its answer has been read. It ends when it is killed, and with the process that started it.
process.on('message', ({ file }: { file?: CatalogText }) => process.send?.(parseOpened(file)));
