/** The exceptions that a script can name, each with its parent. */
const parents: ReadonlyMap<string, string> = new Map([
  ["Exception", "Object"],
  ["RuntimeException", "Exception"],
  ["CloneNotSupportedException", "Exception"],
  ["InterruptedException", "Exception"],
  ["ReflectiveOperationException", "Exception"],
  ["ArithmeticException", "RuntimeException"],
  ["ArrayStoreException", "RuntimeException"],
  ["ClassCastException", "RuntimeException"],
  ["ConcurrentModificationException", "RuntimeException"],
  ["IllegalArgumentException", "RuntimeException"],
  ["IllegalStateException", "RuntimeException"],
  ["IndexOutOfBoundsException", "RuntimeException"],
  ["NegativeArraySizeException", "RuntimeException"],
  ["NoSuchElementException", "RuntimeException"],
  ["NullPointerException", "RuntimeException"],
  ["SecurityException", "RuntimeException"],
  ["UnsupportedOperationException", "RuntimeException"],
  ["DateTimeException", "RuntimeException"],
  ["DateTimeParseException", "DateTimeException"],
  ["NumberFormatException", "IllegalArgumentException"],
  ["ArrayIndexOutOfBoundsException", "IndexOutOfBoundsException"],
  ["StringIndexOutOfBoundsException", "IndexOutOfBoundsException"],
])

export const names: ReadonlyArray<string> = [...parents.keys()]

export const parentOf = (name: string): string | undefined => parents.get(name)
