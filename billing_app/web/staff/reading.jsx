import { useEffect, useRef } from "react";

// Says that the newest comment has been in sight for a second, and sends the form
// around a text on Ctrl Enter.
export function Reading({ newest, onRead, children }) {
  const root = useRef(null);
  const tell = useRef(onRead);
  tell.current = onRead;

  useEffect(() => {
    if (!newest || !root.current) return;
    let timer = 0;
    let isInView = false;
    const watch = () => {
      clearTimeout(timer);
      if (isInView && document.visibilityState === "visible")
        timer = setTimeout(() => tell.current?.(), 1000);
    };
    const view = new IntersectionObserver(([it]) => {
      isInView = it.isIntersecting;
      watch();
    });
    view.observe(root.current);
    document.addEventListener("visibilitychange", watch);
    return () => {
      clearTimeout(timer);
      view.disconnect();
      document.removeEventListener("visibilitychange", watch);
    };
  }, [newest]);

  const send = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.target.form?.requestSubmit();
  };

  return (
    <div ref={root} onKeyDown={send}>
      {children}
    </div>
  );
}
