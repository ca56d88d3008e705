/** How numbers are written. */
import type { Figure } from './rounds.ts';

const short = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export const milliseconds = ({ median, spread }: Figure): string => `${short(median)} ms ±${percent(spread)}`;

export const perSecond = ({ median, spread }: Figure): string => `${short(median)}/s ±${percent(spread)}`;

export const times = ({ median, spread }: Figure): string => `${median.toFixed(2)} × ±${percent(spread)}`;

export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`;

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
