import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

const ASK_AFTER_MS = 120;

function marked(words, query) {
  const at = query ? words.toLowerCase().indexOf(query.toLowerCase()) : -1;
  if (at < 0) return words;
  const end = at + query.length;
  return (
    <>
      {words.slice(0, at)}
      <mark>{words.slice(at, end)}</mark>
      {words.slice(end)}
    </>
  );
}

const switchKeys = (areOff) => ({
  key: "single-keys",
  group: "Actions",
  icon: "settings",
  words: `Turn single-key shortcuts ${areOff ? "on" : "off"}`,
});

// A combobox over a listbox: the focus stays in the query, the option that Enter
// takes is named by aria-activedescendant. Actions are filtered here at once,
// what the server finds comes as `results`.
export function CommandMenu({ actions, results, asked, paths, label, onQuery, onSelect }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  // Unknown until the page is in a browser: the built page has no storage.
  const [keysAreOff, setKeysAreOff] = useState(null);
  const list = useRef(null);
  const timer = useRef(null);
  const navigate = useNavigate();
  useEffect(() => {
    setKeysAreOff(localStorage.getItem("single-keys") === "off");
    return () => clearTimeout(timer.current);
  }, []);

  const onlyActions = query.startsWith(">");
  const words = (onlyActions ? query.slice(1) : query).trim();
  const has = (it) =>
    words ? it.words.toLowerCase().includes(words.toLowerCase()) : !it.is_rare;
  const known = keysAreOff === null ? actions : [...actions, switchKeys(keysAreOff)];
  // Until the answer is there, what was found before stands only where it fits.
  const isAnswered = asked === query.trim();
  const fitting = (results ?? []).filter((it) => isAnswered || has(it));
  const found = words && !onlyActions ? fitting : [];
  const options = [...found, ...known.filter(has)];
  const groups = [...new Set(options.map((it) => it.group))];
  const ordered = groups.flatMap((group) => options.filter((it) => it.group === group));
  const current = Math.min(at, ordered.length - 1);

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current, query]);

  const ask = (text) => {
    setQuery(text);
    setAt(0);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onQuery?.(text), ASK_AFTER_MS);
  };

  const take = (it, inNewTab) => {
    if (!it) return;
    if (it.key === "single-keys") {
      localStorage.setItem("single-keys", keysAreOff ? "on" : "off");
      setKeysAreOff(!keysAreOff);
      return;
    }
    list.current.closest("dialog").close();
    setQuery("");
    if (!it.href) onSelect?.(it.key);
    else if (inNewTab) window.open(it.href, "_blank", "noopener");
    else navigate(it.href);
  };

  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((current + step + ordered.length) % Math.max(ordered.length, 1));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      event.stopPropagation();
      take(ordered[current], event.ctrlKey || event.metaKey);
    }
  };

  const option = (it) => {
    const place = ordered.indexOf(it);
    return (
      <div
        key={it.key}
        id={`command-${place}`}
        role="option"
        aria-selected={place === current}
        className="command-option"
        onMouseMove={() => place !== current && setAt(place)}
        onClick={(event) => take(it, event.ctrlKey || event.metaKey)}
      >
        <svg className="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
          <path d={paths[it.icon] ?? paths.invoice} />
        </svg>
        <span className="truncate">{marked(it.words, words)}</span>
        <small>{it.detail}</small>
        {it.shortcut ? <kbd aria-hidden="true">{it.shortcut}</kbd> : <span />}
      </div>
    );
  };

  return (
    <>
      <div className="command-query">
        <svg className="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
          <path d={paths.search} />
        </svg>
        <input
          type="text"
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls="command-list"
          aria-autocomplete="list"
          aria-activedescendant={ordered.length ? `command-${current}` : undefined}
          placeholder={label}
          autoComplete="off"
          spellCheck="false"
          value={query}
          onChange={(event) => ask(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <kbd aria-hidden="true">Esc</kbd>
      </div>
      <div className="command-list" id="command-list" role="listbox" aria-label="Found" ref={list}>
        {groups.map((group) => (
          <div role="group" aria-label={group} key={group}>
            <div className="command-group" aria-hidden="true">
              {group}
            </div>
            {options.filter((it) => it.group === group).map(option)}
          </div>
        ))}
      </div>
      <p className="command-none" role="status" hidden={ordered.length > 0}>
        {ordered.length ? "" : `Nothing is called “${words}”.`}
      </p>
      <p className="command-foot" aria-hidden="true">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd> move
        </span>
        <span>
          <kbd>Enter</kbd> open
        </span>
        <span>
          <kbd>Ctrl Enter</kbd> new tab
        </span>
        <span className="spacer" />
        <span>
          Type <kbd>{">"}</kbd> for actions only
        </span>
      </p>
    </>
  );
}
