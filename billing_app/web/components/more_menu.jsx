import { useEffect, useRef } from "react";

// What is rarely wanted, behind one button. It closes once one is chosen, on Escape, and when
// the pointer or the focus goes elsewhere.
export function MoreMenu({ words, children, ...attributes }) {
  const menu = useRef(null);

  useEffect(() => {
    const leave = ({ target }) => {
      // None while the page goes: the focus moves before the listeners are gone.
      const here = menu.current;
      if (here && !here.contains(target)) here.open = false;
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, []);

  const close = () => {
    menu.current.querySelector("summary").focus();
    menu.current.open = false;
  };
  const onClick = ({ target }) => {
    if (target.closest("a, button")) close();
  };
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !menu.current.open) return;
    event.stopPropagation();
    close();
  };

  return (
    <details {...attributes} ref={menu} onClick={onClick} onKeyDown={onKeyDown}>
      <summary className="button button-quiet">{words}</summary>
      <div className="more-verbs">{children}</div>
    </details>
  );
}
