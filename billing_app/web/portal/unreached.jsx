import { useEffect, useState } from "react";

// What keeps a page up to date that has no socket: the address of the page is asked
// again, with the rights that it has anyway, and the server paints what is new.
const SECONDS = 30;
// A socket that is up brings something at least twice in this time.
const SILENT_SECONDS = 70;

let asking = null;

// Reads the page as the server paints it now; null where it can't be reached.
async function read() {
  try {
    // No visit: nobody looks because the page asks.
    const answer = await fetch(window.location.href, { headers: { purpose: "poll" } });
    // Not this page any more: its link was revoked, or it asks to sign in.
    if (answer.redirected || [403, 404].includes(answer.status))
      window.location.reload();
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

// Several parts of a page that ask at once get one answer.
const ask = () => (asking ??= read().finally(() => (asking = null)));

// Hands over what is painted now, again and again, until the effect is undone.
export function everySoOften(show, seconds = SECONDS) {
  let isOver = false;
  const timer = setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    const painted = await ask();
    if (painted && !isOver) show(painted);
  }, seconds * 1000);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

// Draws the comments of one conversation that the page itself does not show, because
// they were said since its connection was lost. What it shows, whenever and by whatever
// way it came, is never drawn here: no comment can stand there twice.
export function Missed({ place, isCutOff, asOf, shown }) {
  const [painted, setPainted] = useState([]);
  useEffect(() => {
    const keep = (page) =>
      setPainted([...page.querySelectorAll(`[data-fresh="${place}"] > .comment`)]);
    // Begun anew with each reading: one that comes in time makes asking needless.
    return everySoOften(keep, isCutOff ? SECONDS : SILENT_SECONDS);
  }, [place, isCutOff, asOf]);
  const isShown = new Set(shown.map(({ id }) => `comment-${id}`));
  const missed = painted.filter(({ id }) => !isShown.has(id));
  if (!missed.length) return null;
  return (
    <ol className="thread" aria-live="polite">
      {missed.map(({ id, className, innerHTML }) => (
        <li
          key={id}
          id={id}
          className={className}
          dangerouslySetInnerHTML={{ __html: innerHTML }}
        />
      ))}
    </ol>
  );
}

// Loads the page anew where no event could reach the server; while the server can't
// be reached either, the page stays as it is.
export function Reload({ children }) {
  const reload = async () => {
    if (await ask()) window.location.reload();
  };
  return (
    <button type="button" onClick={reload}>
      {children}
    </button>
  );
}
