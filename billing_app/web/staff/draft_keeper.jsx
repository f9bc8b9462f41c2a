import { useEffect, useLayoutEffect, useRef, useState } from "react";

// Stands between the fields of a draft and the server. What is typed is kept in this
// browser until the server says that it is saved, so that a lost connection, a reload
// or a closed tab loses nothing; it is sent in one piece whenever the last piece has
// been heard, so that fast typing into a long draft never queues up.
//
// Texts are numbered by the clock: `heard` and `saved` are the numbers the server got
// to. A field takes part by its name; a line's are line:<key>:<part>.
const PATIENCE_MS = 2000;
// A socket takes minutes to notice that its line is dead; a person should not wait.
const SILENCE_MS = 4000;
const TABLE_LENGTH_MAX = 400001;
const CELLS_IN_QUOTES = /(^|\t|\n)"(?:[^"]|"")*"(?=\t|\n|$)/g;

// Spreadsheets put as many tabs into one row as into the next; prose does not.
function isTable(text) {
  if (!text.includes("\t")) return false;
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
  const rows = lines.replace(CELLS_IN_QUOTES, "$1").split("\n");
  return new Set(rows.map((row) => row.split("\t").length)).size === 1;
}

// Half of an emoji can be neither sent nor stored.
const textOf = ({ value }) => value.toWellFormed?.() ?? value;

// Choosing from a list replaces the text at once; browsers say so in two ways.
const isPicked = ({ inputType }) => !inputType || inputType === "insertReplacementText";

const isOffered = ({ list, value }) =>
  [...(list?.options ?? [])].some((it) => it.value === value);

// A long price gets its commas when it is left, and a percentage its sign. Without
// cents a comma could be taken for a decimal point, so 1234 stays as it is.
const tidied = (name, typed) => {
  if (name.endsWith(":discount") && /^\d+(\.\d+)?$/.test(typed)) return `${typed}%`;
  if (!name.endsWith(":unit_price") || !/^\d{4,12}\.\d+$/.test(typed)) return typed;
  const [whole, cents] = typed.split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
};

const keyOf = (element) => element?.closest?.("[data-line]")?.dataset.line;

export function DraftKeeper(props) {
  const { draft, version, opened, heard, saved, arranged, focus, refused, fields } = props;
  const root = useRef(null);
  const [isSilent, setSilent] = useState(false);
  const now = useRef({
    number: 0,
    sent: 0,
    sentAt: 0,
    waiting: {},
    unsaved: {},
    timer: null,
    place: null,
    held: null,
    typed: null,
    isUsed: false,
  }).current;
  const place = `draft:${draft}`;
  const find = (name) => root.current.querySelector(`[name="${CSS.escape(name)}"]`);

  const read = () => JSON.parse(localStorage.getItem(place) || "null");
  const keep = () => {
    const texts = {};
    for (const it of root.current.querySelectorAll("[name]")) {
      // A select shows something even where nothing was chosen.
      const isChosen = it.nodeName !== "SELECT" || it.name in now.unsaved;
      if (isChosen) texts[it.name] = textOf(it);
    }
    const kept = { draft, version, number: now.number, texts };
    try {
      localStorage.setItem(place, JSON.stringify(kept));
    } catch {
      // No room in this browser: the server has it a moment later anyway.
    }
  };
  const post = (isUrgent) => {
    if (now.number <= now.sent) return;
    const isWaited = now.sent > heard && Date.now() - now.sentAt < PATIENCE_MS;
    if (isWaited && !isUrgent) return;
    props.onType(draft, now.waiting, now.number);
    now.waiting = {};
    now.sent = now.number;
    now.sentAt = Date.now();
    clearTimeout(now.timer);
    now.timer = setTimeout(() => setSilent(true), navigator.onLine ? SILENCE_MS : 0);
  };

  const onInput = ({ target, nativeEvent }) => {
    const { name } = target;
    if (!draft || !name) return;
    now.isUsed = true;
    now.typed = target;
    now.number = Math.max(Date.now(), now.number + 1);
    if (fields.includes(name) || /^(line|own):/.test(name)) {
      now.waiting[name] = textOf(target);
      now.unsaved[name] = [textOf(target), now.number];
    }
    keep();
    const isProduct = name.endsWith(":name") && isOffered(target);
    post(isProduct && isPicked(nativeEvent));
    if (isProduct && isPicked(nativeEvent)) props.onChoose(keyOf(target), target.value);
  };

  useEffect(() => {
    if (heard >= now.sent) {
      clearTimeout(now.timer);
      setSilent(false);
    }
    post(false);
  }, [heard]);
  useEffect(() => () => clearTimeout(now.timer), []);

  // What nobody answers for is not added up, and is not to be issued.
  useEffect(() => {
    const isAway = isSilent || props.lost;
    const page = document.documentElement;
    const isUnsaved = isAway && Object.keys(now.unsaved).length > 0;
    page.toggleAttribute("data-away", isAway);
    page.toggleAttribute("data-unsaved", isUnsaved);
    for (const it of document.querySelectorAll("[data-issues]")) it.disabled = isAway;
  });
  useEffect(
    () => () => {
      document.documentElement.removeAttribute("data-away");
      document.documentElement.removeAttribute("data-unsaved");
    },
    [],
  );

  // What was on its way when the line broke may never have arrived.
  useEffect(() => {
    const again = () => {
      if (now.sent <= heard) return;
      const unsaved = Object.entries(now.unsaved).map(([name, [value]]) => [name, value]);
      now.waiting = Object.fromEntries(unsaved);
      now.sent = heard;
      post(true);
    };
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [heard, draft]);

  useLayoutEffect(() => {
    if (!saved) return;
    for (const [name, [, number]] of Object.entries(now.unsaved)) {
      if (number <= saved) delete now.unsaved[name];
    }
    const kept = read();
    if (kept && kept.number <= saved) localStorage.removeItem(place);
  }, [saved]);

  // The fields were drawn anew, from what the server holds: after loading, after a
  // lost connection, after somebody's choice.
  useLayoutEffect(() => {
    if (!opened || !draft) return;
    for (const [name, [value]] of Object.entries(now.unsaved)) {
      const field = find(name);
      if (field) field.value = value;
    }
    if (now.place && document.activeElement === document.body) {
      const field = find(now.place.name);
      field?.focus({ preventScroll: true });
      if (field && now.place.start !== null) {
        field.setSelectionRange?.(now.place.start, now.place.end);
      }
    }
    const kept = read();
    if (!kept) return;
    now.number = Math.max(now.number, kept.number);
    now.sent = now.number;
    now.waiting = {};
    props.onRestore(kept);
  }, [opened, draft]);

  // Only now: fields drawn anew have what is unsaved again.
  useLayoutEffect(() => {
    if (Object.keys(now.unsaved).length) keep();
  }, [version]);

  useLayoutEffect(() => {
    const { held } = now;
    now.held = null;
    if (!held?.isConnected) return;
    held.focus({ preventScroll: true });
    held.closest("[data-line]")?.scrollIntoView({ block: "nearest" });
  }, [arranged]);

  // A page that was left and opened again knows the line that was asked for last time.
  useEffect(() => {
    if (!focus || !now.isUsed) return;
    const [key, , part] = focus.split(" ");
    const field = find(`line:${key}:${part}`);
    field?.focus();
    if (part !== "name") field?.select();
    field?.scrollIntoView({ block: "nearest" });
  }, [focus]);

  useEffect(() => {
    if (!refused) return;
    const choice = ".draft-choice button";
    const wrong = root.current.querySelector(`${choice}, [aria-invalid="true"]`);
    wrong?.focus();
    wrong?.scrollIntoView({ block: "center" });
  }, [refused]);

  const onFocus = ({ target }) => {
    if (!target.name) return;
    const isText = target.selectionStart !== undefined;
    const start = isText ? target.selectionStart : null;
    now.place = { name: target.name, start, end: isText ? target.selectionEnd : null };
  };

  const onBlur = ({ target }) => {
    const tidy = target === now.typed ? tidied(target.name, target.value) : target.value;
    now.typed = null;
    if (tidy !== target.value) {
      target.value = tidy;
      onInput({ target, nativeEvent: {} });
      now.typed = null;
    }
    post(true);
  };

  const onKeyDown = (event) => {
    const { target, key } = event;
    now.isUsed = true;
    const line = keyOf(target);
    if (!line || event.nativeEvent.isComposing || event.ctrlKey || event.metaKey) return;
    const isArrow = key === "ArrowUp" || key === "ArrowDown";
    if (event.altKey && isArrow && !event.shiftKey) {
      event.preventDefault();
      now.held = target;
      post(true);
      props.onMove(line, key === "ArrowUp" ? -1 : 1);
    }
    if (event.altKey || event.shiftKey || event.defaultPrevented) return;
    const isNew = target.name?.endsWith(":name") && !find(`line:${line}:unit_price`).value;
    if (key === "Enter" && isNew && isOffered(target)) {
      event.preventDefault();
      post(true);
      return props.onChoose(line, target.value);
    }
    if (key === "Enter" && target.matches("input, select")) {
      event.preventDefault();
      const next = target.closest("[data-line]").nextElementSibling;
      post(true);
      if (!next?.dataset.line) return props.onAdd();
      find(target.name.replace(line, next.dataset.line))?.focus();
    }
    const texts = [...target.closest("[data-line]").querySelectorAll("input, textarea")];
    const isBlank = texts.every((it) => !it.value || it.name.endsWith(":quantity"));
    const isOnly = root.current.querySelectorAll("[data-line]").length === 1;
    if (key === "Backspace" && target.name?.endsWith(":name") && isBlank && !isOnly) {
      event.preventDefault();
      post(true);
      props.onRemove(line);
    }
  };

  const onPaste = (event) => {
    const { target } = event;
    const text = event.clipboardData.getData("text/plain");
    const takesRows = /^line:.*:(name|description)$/.test(target.name ?? "");
    if (!takesRows || !isTable(text)) return;
    event.preventDefault();
    post(true);
    props.onPaste(keyOf(target), { text: text.slice(0, TABLE_LENGTH_MAX) });
  };

  const onClick = ({ target }) => {
    now.isUsed = true;
    post(true);
    const button = target.closest("[data-act]");
    const line = keyOf(button);
    if (!line) return;
    const { act } = button.dataset;
    if (act === "remove") props.onRemove(line);
    if (act === "behind") props.onBehind(line);
    if (act !== "up" && act !== "down") return;
    now.held = button;
    props.onMove(line, act === "up" ? -1 : 1);
  };

  return (
    <div
      ref={root}
      className="keeper"
      onInput={onInput}
      onFocus={onFocus}
      onBlur={onBlur}
      onKeyUp={onFocus}
      onKeyDown={onKeyDown}
      onPaste={onPaste}
      onClickCapture={onClick}
    >
      {isSilent && (
        <div className="connection-banner" role="status">
          {props.silence}
        </div>
      )}
      {props.children}
    </div>
  );
}
