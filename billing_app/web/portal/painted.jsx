import { useEffect, useLayoutEffect } from "react";
import { everySoOften } from "$/public/external/billing_app/web/portal/browser/unreached.jsx";

// What the server has painted stays in place until the page has its data. This
// module is read while the painted page is still there.
const painted =
  typeof document === "undefined" ? null : document.getElementById("painted");
const html = painted?.innerHTML ?? "";
const path = painted ? window.location.pathname : "";
const typed = new Map(painted ? left() : []);
const isPainted = (target) => Boolean(target?.closest?.("#painted"));
let focused =
  painted && isPainted(document.activeElement) ? document.activeElement.id : "";
let trace = "";

// Typed before this module came; and after, until the page has taken over.
for (const field of painted?.querySelectorAll("input, textarea") ?? [])
  if (field.value !== field.defaultValue) typed.set(field.id, field.value);
if (painted) {
  document.addEventListener("input", ({ target }) => {
    if (isPainted(target)) typed.set(target.id, target.value);
  });
  // What is sent off by a plain form is no draft any more.
  document.addEventListener("submit", ({ target }) => {
    if (isPainted(target)) typed.clear();
  });
  // Reloaded before the page took over: the next one hands it over instead.
  window.addEventListener("pagehide", () => {
    if (typed.size) leave([...typed]);
  });
  document.addEventListener("focusin", ({ target }) => {
    if (isPainted(target)) focused = target.id;
  });
  document.addEventListener(
    "beforetoggle",
    ({ target, newState }) => {
      if (isPainted(target)) trace = newState === "open" ? target.id : "";
    },
    true,
  );
  document.addEventListener("focusout", ({ target }) => {
    // A field that is taken away loses the focus, too: it goes to the one in its place.
    queueMicrotask(() => {
      if (target.isConnected && focused === target.id) focused = "";
    });
  });
}

// What was typed here and then left waits in this tab, for this address alone.
function left() {
  try {
    const kept = JSON.parse(sessionStorage.getItem("painted") ?? "null");
    sessionStorage.removeItem("painted");
    return kept?.path === path ? kept.typed : [];
  } catch {
    return [];
  }
}

function leave(fields) {
  try {
    sessionStorage.setItem("painted", JSON.stringify({ path, typed: fields }));
  } catch {
    // Storage is full or switched off.
  }
}

// What folds, by what it says; those that say the same are told apart by their order.
function foldsOf(root) {
  const seen = new Map();
  return [...root.querySelectorAll("details")].map((fold) => {
    const words = fold.querySelector("summary")?.textContent.trim();
    seen.set(words, (seen.get(words) ?? 0) + 1);
    return [`${words} ${seen.get(words)}`, fold];
  });
}

function unfold(root, before) {
  for (const [name, fold] of foldsOf(root)) fold.open = before.get(name) ?? fold.open;
  if (trace) document.getElementById(trace)?.showPopover?.();
}

// Puts in what has changed since, piece by piece: what is typed, unfolded or focused
// elsewhere on the page stays.
function refresh(now) {
  for (const piece of document.querySelectorAll("#painted [data-fresh]")) {
    const fresh = now.querySelector(`[data-fresh="${piece.dataset.fresh}"]`);
    if (fresh && !fresh.isEqualNode(piece)) piece.replaceWith(fresh);
  }
}

const isOpenIn = (root) => new Map(foldsOf(root).map(([name, it]) => [name, it.open]));

export function Painted({ children }) {
  // Drawn anew it holds what the server wrote, and not what was typed since, nor what
  // was unfolded; and the page that takes over knows nothing of either.
  useLayoutEffect(() => {
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (isPainted(field)) field.value = value;
    }
    const again = document.getElementById("painted");
    if (!again) return;
    if (painted !== again) unfold(again, isOpenIn(painted));
    const field = document.getElementById(focused);
    if (isPainted(field)) field.focus({ preventScroll: true });
    return () => {
      const before = isOpenIn(again);
      queueMicrotask(() => unfold(document, before));
    };
  }, []);
  // Still here after a while: no socket has been up, and perhaps none will be.
  useEffect(() => (html ? everySoOften(refresh) : undefined), []);
  if (!html || path !== window.location.pathname) return children ?? null;
  return <div id="painted" dangerouslySetInnerHTML={{ __html: html }} />;
}

// As typing does: React hears of no value that it sees being set on the element.
function setAsTyped(element, value) {
  const { set } = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(element),
    "value",
  );
  set.call(element, value);
}

// Puts back what somebody typed before the page took over, and the focus, before the
// next key can come. Where that asks for something, the field `tells` of it now, unless
// it will by being left.
export function HandOver({ target, tells = "" }) {
  useLayoutEffect(() => {
    const element = document.getElementById(target);
    const isLeft = focused !== target;
    const isTyped = element && typed.has(target);
    if (isTyped && tells) setAsTyped(element, typed.get(target));
    else if (isTyped) element.value = typed.get(target);
    if (element && !isLeft) element.focus({ preventScroll: true });
    if (isTyped && (tells === "input" || (tells && isLeft)))
      element.dispatchEvent(new Event(tells, { bubbles: true }));
    typed.delete(target);
    if (!isLeft) focused = "";
  }, [target]);
  return null;
}
