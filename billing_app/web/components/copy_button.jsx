import { useEffect, useRef, useState } from "react";
import { worded } from "$/public/external/billing_app/web/words/words.js";

// navigator.clipboard exists only on https and localhost; a server in one's own
// network is often plain http, so the older way stays as a second try.
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function CopyButton({ text, label, words, copyPath, donePath, className }) {
  const [done, setDone] = useState(false);
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);

  const onClick = async (event) => {
    const button = event.currentTarget;
    setDone(await copy(text).catch(() => false));
    button.focus();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(false), 1600);
  };

  return (
    <>
      <button
        type="button"
        className={className}
        onClick={onClick}
        aria-label={label}
        title={label}
      >
        <svg
          className={done ? "icon copy-done" : "icon"}
          width="16"
          height="16"
          viewBox="0 0 24 24"
          aria-hidden="true"
        >
          <path d={done ? donePath : copyPath} />
        </svg>
        {words}
      </button>
      <span className="visually-hidden" role="status">
        {done ? worded("Copied") : ""}
      </span>
    </>
  );
}
