import { useEffect, useRef } from "react";

// Keeps what is typed in this browser until the server has saved it, so that a
// lost connection, a reload or a closed tab loses nothing. Only names and texts of
// the fields inside; dropped as soon as the server says it has them.
export function DraftKeeper({ draft, opened, saved, onRestore, children }) {
  const root = useRef(null);
  const sent = useRef("");
  const place = `draft:${draft}`;

  useEffect(() => {
    if (!opened || !draft) return;
    const kept = localStorage.getItem(place);
    if (kept && kept !== sent.current) {
      sent.current = kept;
      onRestore(kept);
    }
  }, [opened, draft]);

  useEffect(() => {
    if (!saved || !draft) return;
    // Typed while the save was under way: keep it for the next one.
    const kept = localStorage.getItem(place);
    if (kept && Date.now() - (JSON.parse(kept).at || 0) < 400) return;
    localStorage.removeItem(place);
  }, [saved, draft]);

  const keep = (event) => {
    const { name, value } = event.target;
    if (!draft || !name) return;
    const kept = JSON.parse(localStorage.getItem(place) || "{}");
    kept[name] = value;
    kept.at = Date.now();
    localStorage.setItem(place, JSON.stringify(kept));
  };

  return (
    <div ref={root} className="keeper" onInput={keep}>
      {children}
    </div>
  );
}
