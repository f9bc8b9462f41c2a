import { useEffect, useRef } from "react";

// Goes away by itself, but not under the pointer or the focus: whoever reads it
// slowly, or is on the way to Undo, has the whole time again afterwards.
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
