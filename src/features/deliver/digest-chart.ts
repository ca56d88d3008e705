/** The digest's picture: what was opened and decided on each day, as bars. Drawn with a font that comes along. */
import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, type Plugin } from 'chart.js';

/** A bar's heights, from the left to the right; `label` stands under it. */
export type Day = { label: string; opened: number; approved: number; rejected: number };

/** In points: about as wide as Slack shows a picture. It has twice as many pixels, for screens that have. */
const width = 440;
const height = 240;
const sharpness = 2;

/** A name of our own, so that no font of the machine answers to it. */
const family = 'Registrar';
for (const weight of [400, 600]) {
  const file = import.meta.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
  if (!GlobalFonts.registerFromPath(fileURLToPath(file), family)) throw new Error(`the font ${file} cannot be read`);
}

/** On white, so that it reads the same on Slack's light and dark grounds; the colours differ also for the colour-blind. */
const colours = { ground: '#ffffff', ink: '#1d1c1d', faint: '#616061', line: '#e8e8e8' };
const series = {
  opened: { label: 'Opened', colour: '#9cc3e6' },
  approved: { label: 'Approved', colour: '#007a5a' },
  rejected: { label: 'Rejected', colour: '#e8912d' },
} as const;

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend);

/** Draws the days as a PNG. */
export function chart(days: Day[]): Uint8Array<ArrayBuffer> {
  const canvas = createCanvas(width, height);
  const bars = (['opened', 'approved', 'rejected'] as const).map((key) => ({
    label: series[key].label,
    data: days.map((day) => day[key]),
    backgroundColor: series[key].colour,
    stack: key === 'opened' ? 'opened' : 'decided',
    borderRadius: 3,
    maxBarThickness: 22,
    categoryPercentage: 0.7,
    barPercentage: 0.92,
  }));
  const drawn = new Chart(canvas, {
    type: 'bar',
    data: { labels: days.map(({ label }) => label), datasets: bars },
    plugins: [ground, totals],
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: sharpness,
      font: { family, size: 13 },
      color: colours.ink,
      layout: { padding: { top: 6, right: 14, bottom: 8, left: 8 } },
      scales: {
        x: {
          stacked: true,
          grid: { display: false },
          border: { color: colours.line },
          ticks: { color: colours.faint, font: { family, size: 13 } },
        },
        y: {
          stacked: true,
          beginAtZero: true,
          suggestedMax: 3,
          grace: '8%',
          grid: { color: colours.line },
          border: { display: false },
          ticks: { precision: 0, maxTicksLimit: 5, color: colours.faint, font: { family, size: 12 } },
        },
      },
      plugins: {
        legend: {
          position: 'top',
          align: 'start',
          labels: {
            color: colours.ink,
            font: { family, size: 13, weight: 600 },
            boxWidth: 12,
            boxHeight: 12,
            padding: 14,
          },
        },
      },
    },
  });
  const png = new Uint8Array(canvas.toBuffer('image/png'));
  drawn.destroy();
  return png;
}

const ground: Plugin = {
  id: 'ground',
  beforeDraw({ ctx, width: wide, height: high }) {
    ctx.fillStyle = colours.ground;
    ctx.fillRect(0, 0, wide, high);
  },
};

/** The number over each bar that is not empty: over approved and rejected ones, their sum. */
const totals: Plugin = {
  id: 'totals',
  afterDatasetsDraw(drawn) {
    const { ctx } = drawn;
    ctx.font = `600 12px ${family}`;
    ctx.fillStyle = colours.ink;
    ctx.textAlign = 'center';
    const stacks = Map.groupBy(drawn.getSortedVisibleDatasetMetas(), ({ stack }) => stack);
    for (const stack of stacks.values()) {
      for (const [index, { x }] of (stack[0]?.data ?? []).entries()) {
        const total = stack.reduce((sum, { _parsed }) => sum + heightOf(_parsed[index]), 0);
        const top = Math.min(...stack.map(({ data }) => data[index]?.y ?? Number.POSITIVE_INFINITY));
        if (total > 0) ctx.fillText(String(total), x, top - 6);
      }
    }
  },
};

const heightOf = (parsed: unknown): number =>
  typeof parsed === 'object' && parsed !== null && 'y' in parsed ? Number(parsed.y) : 0;
