import { useEffect, useRef } from "react";

// A native modal dialog: the browser traps the focus, makes the page behind it
// inert, closes on Escape and gives the focus back to where it was.
//
// The server opens and closes it with `open`. Any element with data-opens="<id>"
// opens it at once, any element inside with data-closes closes it at once.
function show(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  const first =
    dialog.querySelector("input:not([type=hidden]), select, textarea") ??
    dialog.querySelector("[data-first]");
  first?.focus();
  first?.select?.();
}

export function Dialog({ id, open, onClose, dismissible, children, ...attributes }) {
  const ref = useRef(null);

  useEffect(() => {
    const dialog = ref.current;
    if (open) show(dialog);
    if (open === false && dialog.open) dialog.close();
  }, [open]);

  // What was refused comes into sight, and gets the focus from the button.
  useEffect(() => {
    const seen = new MutationObserver(() => {
      const wrong = ref.current.querySelector('[aria-invalid="true"]');
      if (!wrong) return;
      if (!document.activeElement?.matches("input, select, textarea")) wrong.focus();
      (wrong.closest(".field") ?? wrong).scrollIntoView({ block: "nearest" });
    });
    seen.observe(ref.current, { subtree: true, attributeFilter: ["aria-invalid"] });
    return () => seen.disconnect();
  }, []);

  useEffect(() => {
    const onClick = (event) => {
      const opener = event.target.closest?.(`[data-opens="${id}"]`);
      if (opener) show(ref.current);
    };
    document.addEventListener("click", onClick);
    return () => document.removeEventListener("click", onClick);
  }, [id]);

  const onClick = (event) => {
    const outside = event.target === ref.current;
    if (event.target.closest("[data-closes]") || (dismissible && outside)) {
      ref.current.close();
    }
  };

  const onKeyDown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = ref.current.querySelector("form");
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
  };

  return (
    <dialog
      {...attributes}
      id={id}
      ref={ref}
      onClick={onClick}
      onKeyDown={onKeyDown}
      onClose={() => open !== false && onClose?.()}
    >
      {children}
    </dialog>
  );
}
