/**
 * Adds up the metrics of several processes, each in Prometheus' text format.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

/** Shares of one, of which the mean is shown. */
const means = new Set(["nodejs_eventloop_utilization"])

interface Sample {
  sum: number
  count: number
}

/** The lines of the first text come first; series that only others have follow those of their name. */
export const of = (texts: ReadonlyArray<string>): string => {
  /** By name of the metric: its comments, and its samples by name and labels. */
  const metrics = new Map<string, { readonly comments: Set<string>; readonly samples: Map<string, Sample> }>()
  for (const text of texts) {
    let family = ""
    for (const line of text.split("\n")) {
      if (line === "") continue
      if (line.startsWith("#")) family = line.split(" ", 3)[2] ?? family
      const metric = metrics.get(family) ?? { comments: new Set(), samples: new Map() }
      metrics.set(family, metric)
      if (line.startsWith("#")) metric.comments.add(line)
      else add(metric.samples, line)
    }
  }
  const lines = [...metrics].flatMap(([name, { comments, samples }]) => [
    ...comments,
    ...[...samples].map(([series, { sum, count }]) => `${series} ${textOf(means.has(name) ? sum / count : sum)}`),
  ])
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`
}

const add = (samples: Map<string, Sample>, line: string) => {
  // A label's value may contain spaces; the number after the last one does not.
  const end = line.lastIndexOf(" ")
  const [series, value] = [line.slice(0, end), numberOf(line.slice(end + 1))]
  const sample = samples.get(series)
  if (sample === undefined) samples.set(series, { sum: value, count: 1 })
  else {
    sample.sum += value
    sample.count++
  }
}

const numberOf = (text: string) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text))

const textOf = (value: number) => (value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value))
