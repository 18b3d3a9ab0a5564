/** The series of one server. A read, by Prometheus or an exporter, first measures the values that are held elsewhere. */
import { Context, Metric } from "effect"
import * as MetricDefinitions from "./MetricDefinitions.ts"

export interface Reading {
  readonly name: MetricDefinitions.Measured
  readonly labels: MetricDefinitions.Labels
  readonly value: number
}

type Kept = Metric.MetricRegistry extends Map<string, infer A> ? A : never

export class MetricRegistry extends Map<string, Kept> {
  readonly context: Context.Context<never> = Context.make(Metric.MetricRegistry, this)
  #measured: ReadonlyArray<Metric.Metric<number, unknown>> = []
  /** What they say now. */
  measure: () => ReadonlyArray<Reading> = () => []

  override values() {
    for (const series of this.#measured) Metric.removeUnsafe(series, this.context)
    this.#measured = this.measure().map(({ name, labels, value }) => {
      const series = MetricDefinitions.measured(name, labels)
      series.updateUnsafe(value, this.context)
      return series
    })
    return super.values()
  }
}
