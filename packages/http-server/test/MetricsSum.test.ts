import { assert, it } from "vitest"
import * as MetricsSum from "../src/telemetry/MetricsSum.ts"

it("adds up samples by name and labels, keeps what only one process has, and takes the mean of shares", () => {
  const one = `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{route="/a b",status="200"} 2
requests_total{route="/c",status="200"} 1
# TYPE took histogram
took_bucket{le="0.1"} 1
took_bucket{le="+Inf"} 3
took_sum 1.5
# TYPE nodejs_eventloop_utilization gauge
nodejs_eventloop_utilization 0.2
`
  const other = `# HELP requests_total Requests
# TYPE requests_total counter
requests_total{route="/a b",status="200"} 40
requests_total{route="/d",status="500"} 1
# TYPE took histogram
took_bucket{le="0.1"} 1
took_bucket{le="+Inf"} 1
took_sum 0.25
# TYPE nodejs_eventloop_utilization gauge
nodejs_eventloop_utilization 0.4
# TYPE only_here gauge
only_here 7
`
  assert.deepStrictEqual(MetricsSum.of([one, other]).split("\n"), [
    "# HELP requests_total Requests",
    "# TYPE requests_total counter",
    'requests_total{route="/a b",status="200"} 42',
    'requests_total{route="/c",status="200"} 1',
    'requests_total{route="/d",status="500"} 1',
    "# TYPE took histogram",
    'took_bucket{le="0.1"} 2',
    'took_bucket{le="+Inf"} 4',
    "took_sum 1.75",
    "# TYPE nodejs_eventloop_utilization gauge",
    `nodejs_eventloop_utilization ${(0.2 + 0.4) / 2}`,
    "# TYPE only_here gauge",
    "only_here 7",
    "",
  ])
  assert.strictEqual(MetricsSum.of([one]), one)
  assert.strictEqual(MetricsSum.of([]), "")
})
