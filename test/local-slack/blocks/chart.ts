/**
 * The block data_visualization, which messages alone may hold: bar charts only, and with the limits of its first release
 * (docs.slack.dev/reference/block-kit/blocks/data-visualization-block). Later SDKs speak of twelve series.
 */
import { z } from 'zod';
import { id } from './text.ts';

const label = z.string().min(1).max(20);
const title = z.string().min(1).max(50);

const series = z.strictObject({
  name: label,
  data: z.array(z.strictObject({ label, value: z.number() })),
});

type Series = z.infer<typeof series>;

const isUnique = (names: string[]) => new Set(names).size === names.length;

const hasPointForEach = (categories: string[]) => {
  const expected = JSON.stringify(categories.toSorted());
  return ({ data }: Series) => JSON.stringify(data.map((point) => point.label).toSorted()) === expected;
};

const barChart = z
  .strictObject({
    type: z.literal('bar'),
    series: z
      .array(series)
      .min(1)
      .max(6)
      .refine((all) => isUnique(all.map(({ name }) => name)), 'series names must be unique'),
    axis_config: z.strictObject({
      categories: z.array(label).min(1).max(20).refine(isUnique, 'categories must be unique'),
      x_label: title.optional(),
      y_label: title.optional(),
    }),
  })
  .refine((chart) => chart.series.every(hasPointForEach(chart.axis_config.categories)), {
    message: 'the data of each series must have one point for each category',
    path: ['series'],
  });

export const dataVisualization = z.strictObject({
  type: z.literal('data_visualization'),
  block_id: id.optional(),
  title,
  chart: z.discriminatedUnion('type', [barChart]),
});

export type BarChart = z.infer<typeof barChart>;

/** `@slack/types` 3.2 does not have it. */
export type DataVisualizationBlock = { type: 'data_visualization'; block_id?: string; title: string; chart: BarChart };

export const chartsPerMessage = 2;
