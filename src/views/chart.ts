/**
 * Slack's chart block, data_visualization, which messages alone may hold, two each at most. `@slack/types` 3.2 does not have
 * it. The limits are Slack's (https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block).
 */
import { truncate } from '../domain/text.ts';

export type DataVisualizationBlock = {
  type: 'data_visualization';
  block_id?: string;
  title: string;
  chart: BarChart;
};

type BarChart = {
  type: 'bar';
  /** One to six, each with a name of its own. */
  series: { name: string; data: { label: string; value: number }[] }[];
  /** At most 20 categories; the labels of each series' data are the same ones. */
  axis_config: { categories: string[] };
};

const titleLimit = 50;
const labelLimit = 20;

/** Renders a group of bars for each category: a bar for each series, whose values are in the order of the categories. */
export function barChart(
  blockId: string,
  title: string,
  categories: string[],
  series: { name: string; values: number[] }[],
): DataVisualizationBlock {
  const labels = categories.map((category) => truncate(category, labelLimit));
  return {
    type: 'data_visualization',
    block_id: blockId,
    title: truncate(title, titleLimit),
    chart: {
      type: 'bar',
      series: series.map(({ name, values }) => ({
        name: truncate(name, labelLimit),
        data: labels.map((label, index) => ({ label, value: values[index] ?? 0 })),
      })),
      axis_config: { categories: labels },
    },
  };
}
