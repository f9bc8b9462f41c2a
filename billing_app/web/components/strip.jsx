import { useEffect, useRef } from "react";

// Links in a row that a phone scrolls sideways: the current one comes into sight.
// The links may be drawn after the row, and the current one may change; what the
// reader has scrolled to since stays.
export function Strip({ children, element: Element = "nav", ...attributes }) {
  const ref = useRef(null);

  useEffect(() => {
    const strip = ref.current;
    let shown = null;
    const show = () => {
      const current = strip.querySelector("[aria-current=page]");
      const place = `${current?.getAttribute("href")} of ${strip.children.length}`;
      if (!current || place === shown) return;
      shown = place;
      const here = strip.getBoundingClientRect();
      const there = current.getBoundingClientRect();
      strip.scrollLeft += there.left + there.width / 2 - here.left - here.width / 2;
    };
    show();
    const observer = new MutationObserver(show);
    observer.observe(strip, {
      childList: true,
      subtree: true,
      attributeFilter: ["aria-current"],
    });
    return () => observer.disconnect();
  }, []);

  return (
    <Element {...attributes} ref={ref}>
      {children}
    </Element>
  );
}
