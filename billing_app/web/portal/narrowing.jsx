import { useEffect, useLayoutEffect, useRef } from "react";
import { useLocation, useNavigate } from "react-router";

// A list that was asked for takes a while to come; the address is of now. So what is
// pressed meanwhile changes the address, and not the one that the list before it had.
const CURSORS = ["after", "before"];
// How it is looked at, whatever is asked.
const KEPT = ["preview"];
const PAUSE = 250;

const parameter = (name) => new URLSearchParams(window.location.search).get(name) ?? "";

// What an address asks of the list, by the name of the parameter; no place within it.
function askedBy(search, names) {
  const all = new URLSearchParams(search);
  return new Map(names.map((name) => [name, all.get(name) ?? ""]));
}

// What a link changes about the address that the list was read for. A place within
// the list leads nowhere once another one was asked for.
function changesOf(link, read, names) {
  const [before, after] = [askedBy(read, names), askedBy(link.search, names)];
  const now = askedBy(window.location.search, names);
  const isNow = names.every((name) => now.get(name) === before.get(name));
  const place = new URLSearchParams(isNow ? link.search : "");
  return [
    ...names.filter((it) => after.get(it) !== before.get(it)).map((it) => [it, after.get(it)]),
    ...CURSORS.map((it) => [it, place.get(it) ?? ""]),
  ];
}

function leadsToList(link) {
  const isPlace = link?.getAttribute("href").startsWith("#");
  return link && !isPlace && link.pathname === window.location.pathname;
}

// Narrows the list by its links and fields. `read` is what the list that is shown was
// read for, `names` what an address may ask, `field` where a search is typed.
export function Narrowing({ read, names, field }) {
  const { search } = useLocation();
  const now = useRef({});
  now.current = { read, navigate: useNavigate() };
  const searched = useRef(parameter("q"));

  // The address says something else than the field: somebody went back, say.
  useEffect(() => {
    const asked = new URLSearchParams(search).get("q") ?? "";
    const element = document.getElementById(field);
    if (element && asked !== searched.current) element.value = asked;
    searched.current = asked;
  }, [search, field]);

  useLayoutEffect(() => {
    let timer = 0;
    const narrow = (changes, place = "", options = {}) => {
      const asked = new Map([...askedBy(window.location.search, [...names, ...KEPT]), ...changes]);
      const kept = `${new URLSearchParams([...asked].filter(([, text]) => text))}`;
      const to = `${window.location.pathname}${kept && `?${kept}`}${place}`;
      now.current.navigate(to, options);
    };
    const heard = {
      click(event) {
        const link = event.target.closest?.("a[href]");
        const isAside = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
        if (event.button || isAside || !leadsToList(link)) return;
        event.preventDefault();
        narrow(changesOf(link, now.current.read, names), link.hash);
      },
      input({ target }) {
        if (target.id !== field) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          searched.current = target.value.trim();
          // What is typed letter by letter is one step back, not many.
          if (searched.current !== parameter("q"))
            narrow([["q", searched.current]], "", { replace: true });
        }, PAUSE);
      },
      change({ target }) {
        if (target.name !== "period" || target.value === "range") return;
        const period = target.value === "all" ? "" : target.value;
        narrow(Object.entries({ period, from: "", to: "" }));
      },
      // Left, not typed: a year is typed digit by digit.
      focusout({ target }) {
        const end = target.id?.match(/^issued-(from|to)$/)?.[1];
        if (end && target.value !== parameter(end))
          narrow(Object.entries({ period: "", [end]: target.value }));
      },
    };
    for (const [name, listener] of Object.entries(heard))
      document.addEventListener(name, listener, true);
    return () => {
      clearTimeout(timer);
      for (const [name, listener] of Object.entries(heard))
        document.removeEventListener(name, listener, true);
    };
  }, [names.join(), field]);
  return null;
}
