// The words of a page in the reader's language. A small script in the head of the
// page brings them, before this module is read; without it they are English.
export function worded(words, values) {
  const said = globalThis.pageWords?.[words] ?? words;
  return values ? said.replace(/{(\w+)}/g, (whole, name) => values[name] ?? whole) : said;
}
