/**
 * Draws a bar chart as SVG. Lengths are percentages of a plot without a viewBox, so that a narrow window makes the bars
 * narrower and leaves the letters as large as they are.
 */
import type { BarChart, DataVisualizationBlock } from '../../blocks/chart.ts';
import { chartLines } from '../../text/chart.ts';
import { type Html, html } from '../html.ts';
import { plain } from '../text/emoji.ts';

/** Where the bars are in the plot, in percent of its width and height: left of them is the scale, below are the labels. */
const area = { left: 6, right: 100, top: 10, bottom: 87 };
const bandPadding = 0.14;
/** More labels, or more numbers over bars, than these do not fit next to each other. A bar's number is also its tooltip. */
const maxLabels = 8;
const maxNumbers = 24;

export function dataVisualization(block: DataVisualizationBlock, key: string): Html {
  const { title, chart } = block;
  const { x_label: below, y_label: left } = chart.axis_config;
  const axes = [left && `↑ ${left}`, below && `→ ${below}`].filter(Boolean).join(' · ');
  return html`<figure class="b-chart" data-key="${key}">
    <figcaption>${plain(title)}</figcaption>
    <div class="b-chart-legend">${chart.series.map(({ name }, index) => html`<span><i class="series-${index + 1}"></i>${name}</span>`)}</div>
    <svg class="b-chart-plot" role="img" aria-label="${chartLines(block).join('. ')}">${plot(chart)}</svg>
    ${axes && html`<div class="b-chart-axes">${axes}</div>`}
  </figure>`;
}

function plot({ series, axis_config: { categories } }: BarChart): Html {
  const ticks = scaleOf(series.flatMap(({ data }) => data.map(({ value }) => value)));
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const y = (value: number) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
  const band = (area.right - area.left) / categories.length;
  const width = (band * (1 - 2 * bandPadding)) / series.length;
  const labelEvery = Math.ceil(categories.length / maxLabels);
  const hasNumbers = categories.length * series.length <= maxNumbers;

  const lines = ticks.map(
    (tick) =>
      html`<line class="${tick === 0 && 'chart-zero'}" x1="${area.left}%" x2="100%" y1="${y(tick)}%" y2="${y(tick)}%"/><text x="0" y="${y(tick)}%" dy="4">${tick}</text>`,
  );
  const groups = categories.map((category, index) => {
    const start = area.left + band * index;
    const bars = series.map(({ name, data }, place) => {
      const value = data.find(({ label }) => label === category)?.value ?? 0;
      const x = start + band * bandPadding + width * place;
      const [top, bottom] = [y(Math.max(value, 0)), y(Math.min(value, 0))];
      return html`<rect class="series-${place + 1}" x="${x}%" y="${top}%" width="${width * 0.92}%" height="${bottom - top}%" rx="2"><title>${category}, ${name}: ${value}</title></rect>${
        hasNumbers &&
        value !== 0 &&
        html`<text class="chart-value" x="${x + width * 0.46}%" y="${value > 0 ? top : bottom}%" dy="${value > 0 ? -4 : 12}">${value}</text>`
      }`;
    });
    return html`${bars}${index % labelEvery === 0 && html`<text class="chart-category" x="${start + band / 2}%" y="97%">${category}</text>`}`;
  });
  return html`${lines}${groups}`;
}

/** Returns three to six round numbers at equal distances, zero among them, that enclose all values. */
function scaleOf(values: number[]): number[] {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const rough = Math.max(high - low, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power, 1);
  const [first, last] = [Math.floor(low / step), Math.max(Math.ceil(high / step), Math.floor(low / step) + 2)];
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}
