import { useEffect, useRef } from "react";
import { worded } from "$/public/external/billing_app/web/words/words.js";

// The page that asks who one is, in a dialog over this one: the same forms, sent by
// fetch, so that what is being written stays before one's eyes. The answer sets the
// cookie; then the page is loaded anew, since its socket keeps the cookie that it was
// opened with. What was typed is kept by the browser meanwhile.
const OFFLINE = worded("You are not connected. Please try again.");
const TOO_OFTEN = worded("That was asked for very often. Please wait a few minutes.");

function dress(href) {
  if (document.querySelector(`link[href="${href}"]`)) return null;
  const sheet = document.createElement("link");
  Object.assign(sheet, { rel: "stylesheet", href });
  return new Promise((done) => {
    sheet.onload = done;
    // The next press asks for it again.
    sheet.onerror = () => done(sheet.remove());
    document.head.append(sheet);
  });
}

function knownEmail(link) {
  const form = link.closest("form") ?? document.querySelector("form.composer");
  return form?.elements.email?.value ?? "";
}

// What its form holds is posted by the page that comes with the proof.
function leaveToPost(place) {
  try {
    sessionStorage.setItem("comment:posts", place);
  } catch {
    // Storage is full or switched off: one presses again.
  }
}

export function Verifying({ sheet }) {
  const dialog = useRef(null);
  const card = useRef(null);
  const from = useRef(null);
  const posts = useRef("");

  const say = (words) => {
    const said = document.createElement("p");
    said.className = "field-error";
    said.setAttribute("role", "alert");
    said.textContent = words;
    said.dataset.said = "";
    const { open } = dialog.current;
    const place = open
      ? (card.current.querySelector("form") ?? card.current)
      : from.current.parentElement;
    place.querySelector(open ? "[role=alert]" : "[data-said]")?.remove();
    place.append(said);
  };

  const show = (page) => {
    const heading = document.createElement("h2");
    heading.id = "verifying-title";
    heading.textContent = page.querySelector("h1").textContent;
    page.querySelector("h1").replaceWith(heading);
    card.current.replaceChildren(
      ...[...page.childNodes].map((it) => document.importNode(it, true)),
    );
    if (!dialog.current.open) dialog.current.showModal();
    const email = card.current.querySelector("input[type=email]");
    if (email && !email.value) email.value = knownEmail(from.current);
    card.current.querySelector("input:not([type=hidden]), button")?.focus();
  };

  const ask = async (address, options) => {
    let answer;
    card.current.inert = true;
    try {
      answer = await fetch(address, { ...options, headers: { "x-dialog": "1" } });
    } catch {
      // The browser's own page for this would take away what is being written.
      const stays = dialog.current.open || !navigator.onLine;
      return stays ? say(OFFLINE) : location.assign(address);
    } finally {
      card.current.inert = false;
    }
    if (answer.status === 204) {
      leaveToPost(posts.current);
      const part = from.current.closest("li[id], section[id]")?.id;
      if (part) history.replaceState(history.state, "", `#${part}`);
      return location.reload();
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const asked = page.querySelector(".verify-card");
    if (asked) return show(asked);
    // The link opens nothing any more; the page itself says so.
    return answer.status === 429 ? say(TOO_OFTEN) : location.reload();
  };

  useEffect(() => {
    const open = async (event) => {
      const link = event.target.closest?.('a[href$="/verify"]');
      const wantsTab = event.metaKey || event.ctrlKey || event.shiftKey;
      if (!link || wantsTab || event.defaultPrevented) return;
      event.preventDefault();
      from.current = link;
      posts.current = event.isTrusted ? "" : (link.dataset.posts ?? "");
      await dress(sheet);
      await ask(link.href);
    };
    document.addEventListener("click", open);
    return () => document.removeEventListener("click", open);
  }, [sheet]);

  const send = (event) => {
    event.preventDefault();
    const form = event.target;
    const typed = new FormData(form, event.nativeEvent.submitter);
    ask(form.action, { method: "POST", body: new URLSearchParams(typed) });
  };

  // Six digits are a whole code, however they were typed or pasted.
  const type = ({ target }) => {
    if (target.name !== "code") return;
    const digits = target.value.normalize("NFKC").replace(/\D/g, "");
    if (digits.length !== 6) return;
    target.value = digits;
    target.form.requestSubmit();
  };

  const close = (event) => {
    if (!event.target.closest(".verify-back a")) return;
    event.preventDefault();
    dialog.current.close();
  };

  return (
    <dialog
      ref={dialog}
      className="dialog verifying"
      aria-labelledby="verifying-title"
      onSubmit={send}
      onInput={type}
      onClick={close}
    >
      <div ref={card} className="verify-card" />
    </dialog>
  );
}
