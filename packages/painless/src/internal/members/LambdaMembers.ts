/** Calls of a lambda in a variable, by the method names of Java's functional interfaces. */
import { Lambda } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Lambda))
const { any, lambda } = MethodParameter

export const table = Method.table([
  m0("get", "def", (self, run) => lambda(0).read(self, run).call([], run)),
  ...["apply", "test", "accept"].map((name) =>
    m1(name, "def", any, (self, argument, run) => lambda(1).read(self, run).call([argument], run)),
  ),
  ...["apply", "test", "accept"].map((name) =>
    m2(name, "def", [any, any], (self, first, second, run) => lambda(2).read(self, run).call([first, second], run)),
  ),
])
