import { useEffect, useRef, useState } from "react";
import { worded } from "$/public/external/billing_app/web/words/words.js";

// What somebody writes stays in this browser until it is posted: the message for
// its page, name and address for the business. A browser that keeps nothing still
// works. The key makes a repeated post one comment.
const POSTS = "comment:posts";

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place) || "{}");
  } catch {
    return {};
  }
}

function write(place, value) {
  try {
    localStorage.setItem(place, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: what is typed stays in the page.
  }
}

// Says once whether the proof was given in order to post what is written at a place.
function isToBePosted(place) {
  try {
    if (sessionStorage.getItem(POSTS) !== place) return false;
    sessionStorage.removeItem(POSTS);
    return true;
  } catch {
    return false;
  }
}

const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

export function CommentKeeper({ draft, posted, children, ...rest }) {
  const root = useRef(null);
  const place = `comment:${draft}`;
  const who = `comment:who:${draft.split("-")[0]}`;
  const named = (name) => root.current?.querySelector(`[name="${name}"]`);

  const wayToProof = () => root.current.querySelector(".gate a");

  const remember = () => {
    write(who, { name: named("name").value, email: named("email").value });
    write(place, {
      body: named("body").value,
      line: named("line")?.value ?? "",
      key: named("request_key").value,
    });
  };

  useEffect(() => {
    const kept = { ...read(who), ...read(place) };
    let isNew = false;
    for (const name of ["name", "email", "body", "line"]) {
      const field = named(name);
      if (field && !field.value && kept[name]) field.value = kept[name];
      isNew ||= Boolean(field?.value) && field.value !== kept[name];
    }
    named("request_key").value = kept.key || newKey();
    // Typed before the page took over, when nobody was here to keep it.
    if (isNew) remember();
    const fold = root.current.closest("details");
    if (fold && kept.body) fold.open = true;
    if (isToBePosted(place) && !wayToProof() && named("body").value.trim())
      root.current.querySelector("form").requestSubmit();
  }, [draft]);

  useEffect(() => {
    const key = named("request_key");
    if (!posted || key.value !== posted) return;
    named("body").value = "";
    if (named("line")) named("line").value = "";
    key.value = newKey();
    remember();
  }, [posted]);

  // Where proof is missing, the press asks for it; with it the page posts by itself.
  const prove = (event) => {
    const way = wayToProof();
    // That nothing is written, the form says by itself.
    if (!way || !named("body").value.trim()) return;
    event.preventDefault();
    event.stopPropagation();
    way.dataset.posts = place;
    way.click();
  };

  const send = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.form?.requestSubmit();
  };

  return (
    <div
      ref={root}
      onInput={remember}
      onKeyDown={send}
      onSubmitCapture={prove}
      {...rest}
    >
      {children}
    </div>
  );
}

// Says that the newest comment has been before somebody's eyes for a second, and
// offers the way to one that came in out of sight, wherever on the page it stands.
export function Newest({ newest, own, onRead }) {
  const first = useRef(newest);
  const tell = useRef(onRead);
  const [away, setAway] = useState(0);
  tell.current = onRead;

  useEffect(() => {
    if (!newest) return;
    let timer = 0;
    const watch = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible")
        timer = setTimeout(() => tell.current(), 1000);
    };
    document.addEventListener("visibilitychange", watch);
    watch();
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", watch);
    };
  }, [newest]);

  useEffect(() => {
    const isNew = newest > first.current && newest !== own;
    first.current = newest;
    const box = document.getElementById(`comment-${newest}`)?.getBoundingClientRect();
    if (isNew && box && (box.top > window.innerHeight || box.bottom < 0))
      setAway(newest);
  }, [newest]);

  useEffect(() => {
    const comment = away && document.getElementById(`comment-${away}`);
    if (!comment) return;
    const seen = new IntersectionObserver(([it]) => it.isIntersecting && setAway(0));
    seen.observe(comment);
    return () => seen.disconnect();
  }, [away]);

  return away ? (
    <a className="button new-comment" href={`#comment-${away}`}>
      {worded("New comment")}
    </a>
  ) : null;
}
