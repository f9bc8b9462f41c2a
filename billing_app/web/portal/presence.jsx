import { useEffect, useRef } from "react";

const SECONDS = 2;

// Tells once that somebody has had the page before their eyes: a mail scanner
// opens links, but shows them to nobody.
export function Presence({ onSeen }) {
  const tell = useRef(onSeen);
  tell.current = onSeen;
  useEffect(() => {
    let timer = 0;
    const watch = () => {
      clearTimeout(timer);
      if (document.visibilityState !== "visible") return;
      timer = setTimeout(() => {
        document.removeEventListener("visibilitychange", watch);
        tell.current();
      }, SECONDS * 1000);
    };
    document.addEventListener("visibilitychange", watch);
    watch();
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", watch);
    };
  }, []);
  return null;
}

// Goes to an address outside the pages, in this tab: the payment page. The router
// would look for a page of ours under it. Only after a press on this very page:
// somebody who comes back must not be sent away again by what is remembered.
export function Leave({ to, after = "submit" }) {
  const pressed = useRef(false);
  useEffect(() => {
    const press = () => (pressed.current = true);
    document.addEventListener(after, press, true);
    return () => document.removeEventListener(after, press, true);
  }, [after]);
  useEffect(() => {
    if (to && pressed.current) window.location.assign(to);
  }, [to]);
  return null;
}
