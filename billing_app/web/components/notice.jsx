import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";

// A modal dialog lies over the page and takes all clicks, so what happens while one
// is open is told inside it.
export function NoticeRegion({ children, ...attributes }) {
  const [dialog, setDialog] = useState(null);

  useEffect(() => {
    const look = () => setDialog([...document.querySelectorAll("dialog[open]")].at(-1));
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, {
      subtree: true,
      childList: true,
      attributeFilter: ["open"],
    });
    look();
    return () => watcher.disconnect();
  }, []);

  const region = <div {...attributes}>{children}</div>;
  return dialog ? createPortal(region, dialog) : region;
}

// Goes away by itself, but not under the pointer or the focus: whoever reads it
// slowly, or is on the way to Undo, has the whole time again afterwards. Escape takes
// any away.
export function NoticeCard({ seconds, onExpire, children, ...attributes }) {
  const timer = useRef(null);
  const expire = useRef(onExpire);
  expire.current = onExpire;

  const stop = () => clearTimeout(timer.current);
  const start = () => {
    stop();
    if (seconds) timer.current = setTimeout(() => expire.current?.(), seconds * 1000);
  };
  useEffect(() => {
    start();
    return stop;
  }, [seconds]);

  useEffect(() => {
    const onKeyDown = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) expire.current?.();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <div
      {...attributes}
      onMouseEnter={stop}
      onMouseLeave={start}
      onFocus={stop}
      onBlur={start}
    >
      {children}
    </div>
  );
}
