import { useEffect } from "react";

const FIELDS =
  "input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]";

// People who speak to their computer, or hit keys by accident, can turn single
// letters off in the command menu (WCAG 2.1.4).
const singleKeysAreOff = () => localStorage.getItem("single-keys") === "off";

const isShown = (element) => element.checkVisibility() && !element.disabled;

function findByShortcut(keys) {
  const shown = [...document.querySelectorAll("[aria-keyshortcuts]")].filter(isShown);
  return shown.find((it) => it.getAttribute("aria-keyshortcuts").split(" ").includes(keys));
}

// The row being worked on is the one that holds the focus, so Enter opens it and
// a screen reader reads it, with nothing to keep in step.
function workOnRows(key) {
  const rows = [...document.querySelectorAll("tbody tr")].filter(
    (row) => isShown(row) && row.querySelector(".row-link"),
  );
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (key === "X") {
    rows[at]?.querySelector(".row-check")?.click();
    return at >= 0;
  }
  const next = key === "J" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0);
  const link = rows[next].querySelector(".row-link");
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "nearest" });
  return true;
}

function onKeyDown(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const held = event.ctrlKey ? "Control+" : event.metaKey ? "Meta+" : "";
  if (!held && event.target.closest?.(FIELDS)) return;

  const isLetter = /^[a-z]$/i.test(event.key);
  const key = isLetter ? event.key.toUpperCase() : event.key;
  if (!held && event.key.length === 1 && singleKeysAreOff()) return;
  if (!held && isLetter && event.shiftKey) return;

  if (!held && "JKX".includes(key) && workOnRows(key)) {
    event.preventDefault();
    return;
  }
  const control = findByShortcut(held + key);
  if (!control) return;
  event.preventDefault();
  if (control.matches(FIELDS)) control.focus();
  else control.click();
}

// Listens for the keys that the controls of the page announce.
export function Keyboard() {
  useEffect(() => {
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  return null;
}
