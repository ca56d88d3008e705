/** A chart in words: its title, and a line for each series. */
import type { DataVisualizationBlock } from '../blocks/chart.ts';

export function chartLines({ title, chart }: DataVisualizationBlock): string[] {
  const { series } = chart;
  return [
    `[${chart.type} chart: ${title}]`,
    ...series.map(({ name, data }) => `${name}  ${data.map(({ label, value }) => `${label}: ${value}`).join(', ')}`),
  ];
}
