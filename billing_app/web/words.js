// The words of a page in the reader's language. A small script in the head of the
// page brings them, before this module is read; without it they are English.
// Where words run from right to left, what is put in runs its own way (isolates). What
// ends with a full stop, as B.V. does, ends its sentence with it.
export function worded(words, values) {
  const said = globalThis.pageWords?.[words] ?? words;
  if (!values) return said;
  const [start, end] = globalThis.document?.dir === "rtl" ? ["\u2068", "\u2069"] : ["", ""];
  return said.replace(/{(\w+)}(\.(?!\S))?/g, (whole, name, stop = "") => {
    if (values[name] == null) return whole;
    return `${start}${values[name]}${end}${`${values[name]}`.endsWith(".") ? "" : stop}`;
  });
}
