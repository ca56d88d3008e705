/** A message, as every view that is posted returns it. */
import type { KnownBlock } from '@slack/types';
import type { DataVisualizationBlock } from './chart.ts';

/** A message as it is posted: blocks, and the text that notifications and screen readers use. */
export type Message = { text: string; blocks: (KnownBlock | DataVisualizationBlock)[] };
