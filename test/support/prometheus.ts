/** What `/metrics` says, read as Prometheus reads it. */
export type Samples = {
  /** The sum of the samples of a name that have these labels; undefined where there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined;
  names: string[];
  text: string;
};

const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([nN]a[nN]|[+-]Inf|-?[\d.e+-]+)$/;

/** Throws where a line is not of the format, or a sample comes without its type. */
export function readSamples(text: string): Samples {
  const types = new Set<string>();
  const samples: { name: string; labels: Map<string, string>; value: number }[] = [];
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)?.[1];
    if (type && types.has(type)) throw new Error(`${type} is told twice`);
    if (type) types.add(type);
    if (line === '' || line.startsWith('# ')) continue;
    const [, name = '', labels = '', value] = sample.exec(line) ?? [];
    if (!types.has(name) && !types.has(name.replace(/_(bucket|sum|count)$/, '')))
      throw new Error(`not a sample: ${line}`);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', of = '']) => [key, of] as const);
    samples.push({ name, labels: new Map(pairs), value: Number(value) });
  }
  return {
    value(name, labels = {}) {
      const found = samples.filter(
        (one) => one.name === name && Object.entries(labels).every(([key, of]) => one.labels.get(key) === of),
      );
      return found.length > 0 ? found.reduce((sum, one) => sum + one.value, 0) : undefined;
    },
    names: [...types],
    text,
  };
}

export async function scrape(port: number): Promise<Samples> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(3_000) });
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  return readSamples(await response.text());
}
