/** Checks a catalog file in a process of its own, which `checkCatalogApart` starts. */
import { type CatalogText, parseOpened } from './catalog-file.ts';

process.once('message', ({ file }: { file?: CatalogText }) => process.send?.(parseOpened(file)));
