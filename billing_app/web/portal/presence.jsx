import { useEffect, useRef, useState } from "react";

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

const short = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const exact = { dateStyle: "full", timeStyle: "long" };

// An instant by the reader's own clock; `words` is the server's, until then.
export function Clock({ at, words }) {
  const [shown, setShown] = useState({ words, title: "" });
  useEffect(() => {
    const instant = new Date(at);
    const { lang } = document.documentElement;
    const language = lang && lang !== "en" ? lang : "en-GB";
    setShown({
      // As the server writes it, whatever the language: 14:05.
      words: instant.toLocaleTimeString("en-GB", short),
      title: instant.toLocaleString(language, exact),
    });
  }, [at]);
  return (
    <time dateTime={at} title={shown.title}>
      {shown.words}
    </time>
  );
}

// Goes to an address outside the pages, in this tab: the payment page. The router
// would look for a page of ours under it. Only after a press on this very page:
// somebody who comes back must not be sent away again by what is remembered.
export function Leave({ to }) {
  const pressed = useRef(false);
  useEffect(() => {
    const press = () => (pressed.current = true);
    document.addEventListener("submit", press, true);
    return () => document.removeEventListener("submit", press, true);
  }, []);
  useEffect(() => {
    if (to && pressed.current) window.location.assign(to);
  }, [to]);
  return null;
}
