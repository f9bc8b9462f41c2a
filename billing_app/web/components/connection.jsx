import { useEffect, useRef, useSyncExternalStore } from "react";
import { worded } from "$/public/external/billing_app/web/words/words.js";

// What is sent without a connection would wait unseen; or, from a plain form, give way
// to the browser's own page about that. So it is not sent, and the form says so: what
// was typed stays, and goes once with a press after the connection has returned.
const UNSENT = worded("You are not connected, so nothing was sent. What you typed stays here.");

function subscribe(listener) {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

// The browser knows at once, the socket only after a while; or it alone is lost.
const useOffline = () =>
  useSyncExternalStore(
    subscribe,
    () => !navigator.onLine,
    () => false,
  );

// A plain form asks for a page, and a card is sent to Stripe: neither by our socket.
const needsSocket = (form) => !form.hasAttribute("method") && !form.matches(".card-form");

const forget = (root) => root.querySelectorAll("[data-unsent]").forEach((it) => it.remove());

function say(form) {
  const said = document.createElement("p");
  said.className = "message message-bad";
  said.dataset.unsent = "";
  said.setAttribute("role", "alert");
  said.textContent = UNSENT;
  const foot = form.querySelector(".composer-foot, .dialog-foot");
  if (foot?.matches(".dialog-foot")) foot.previousElementSibling.append(said);
  else if (foot) foot.before(said);
  else form.append(said);
  said.scrollIntoView({ block: "nearest" });
}

// Draws its children while there is no connection, and holds back what is sent then.
export function Connection({ isCutOff, children }) {
  const isOffline = useOffline();
  const isLost = isOffline || isCutOff;
  const hasSocket = useRef(true);
  hasSocket.current = !isCutOff;

  useEffect(() => {
    const hold = (event) => {
      const form = event.target;
      forget(form);
      if (navigator.onLine && (hasSocket.current || !needsSocket(form))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say(form);
    };
    // Before whoever else hears of it, which is on the document at the earliest.
    window.addEventListener("submit", hold, true);
    return () => window.removeEventListener("submit", hold, true);
  }, []);

  useEffect(() => {
    if (!isLost) forget(document);
  }, [isLost]);

  return isLost ? children : null;
}
