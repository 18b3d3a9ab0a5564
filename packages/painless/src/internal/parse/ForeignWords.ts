/** Keywords of Java and JavaScript that Painless, or this subset of it, does not have. */
export const foreignWords = new Map([
  ["switch", "switch is not in Painless: use if and else if"],
  ["finally", "finally is not in Painless"],
  ["import", "import is not in Painless: types are known by their names"],
  ["class", "a script cannot define classes"],
  ["function", "write a function as [String name(def x) { … }]"],
  ["var", "declare a variable with [def] or its type"],
  ["let", "declare a variable with [def] or its type"],
  ["const", "declare a variable with [def] or its type"],
  ["final", "final is not in Painless"],
])
