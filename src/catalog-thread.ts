/** Checks a catalog file in a thread of its own, which `checkCatalogApart` starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { parseOpened } from './catalog-file.ts';

parentPort?.postMessage(parseOpened(workerData));
