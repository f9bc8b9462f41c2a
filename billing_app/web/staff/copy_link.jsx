import { useEffect, useRef, useState } from "react";

// The link is a secret, so the page does not hold it until somebody asks for it.
// Pressing asks the server; what comes back is copied. Browsers allow copying only
// as part of a press, so where they can they are handed the promise at once.
function write(promise) {
  if (!navigator.clipboard || !window.isSecureContext) {
    return promise.then(writeTheOldWay);
  }
  if (typeof ClipboardItem === "undefined") {
    return promise.then((text) => navigator.clipboard.writeText(text));
  }
  const blob = promise.then((text) => new Blob([text], { type: "text/plain" }));
  return navigator.clipboard
    .write([new ClipboardItem({ "text/plain": blob })])
    .catch(() => promise.then((text) => navigator.clipboard.writeText(text)));
}

function writeTheOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
}

export function CopyLink({ url, words, path, donePath, onAsk, className }) {
  const [said, setSaid] = useState("");
  const waiting = useRef(null);
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);

  useEffect(() => {
    if (url && waiting.current) {
      waiting.current(url);
      waiting.current = null;
    }
  }, [url]);

  const onClick = async (event) => {
    const button = event.currentTarget;
    const promise = url
      ? Promise.resolve(url)
      : new Promise((resolve) => {
          waiting.current = resolve;
          onAsk();
        });
    const done = await write(promise).then(
      () => true,
      () => false,
    );
    button.focus();
    setSaid(done ? "Link copied" : "Copy the link from Details");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(""), 2400);
  };

  return (
    <>
      <button type="button" className={className} onClick={onClick}>
        <svg
          className={said ? "icon copy-done" : "icon"}
          width="16"
          height="16"
          viewBox="0 0 24 24"
          aria-hidden="true"
        >
          <path d={said ? donePath : path} />
        </svg>
        {words}
      </button>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}
