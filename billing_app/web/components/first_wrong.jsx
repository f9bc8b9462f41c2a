import { useEffect } from "react";

// Brings the first field of a page's form that was refused into sight, with the focus.
// Dialogs do so themselves.
const WRONG = '[aria-invalid="true"], .field-error[role="alert"]';

export function FirstWrong() {
  useEffect(() => {
    let sent = null;
    const refused = new WeakMap();

    const show = (wrong) => {
      wrong.focus({ preventScroll: true });
      (wrong.closest(".field") ?? wrong).scrollIntoView({ block: "center" });
    };
    const onSubmit = ({ target }) => {
      if (target.closest("dialog")) return;
      sent = target;
      // The answer to the same again is the same, and changes nothing on the page.
      const again = [...target.querySelectorAll(WRONG)].find(
        (it) => refused.has(it) && refused.get(it) === it.value,
      );
      if (again) show(again);
    };
    const watcher = new MutationObserver(() => {
      const wrong = [...(sent?.querySelectorAll(WRONG) ?? [])];
      const fresh = wrong.find((it) => refused.get(it) !== it.value || !refused.has(it));
      if (!fresh) return;
      for (const it of wrong) refused.set(it, it.value);
      sent = null;
      show(wrong[0]);
    });
    watcher.observe(document.body, {
      subtree: true,
      childList: true,
      attributeFilter: ["aria-invalid"],
    });
    document.addEventListener("submit", onSubmit, true);
    return () => {
      watcher.disconnect();
      document.removeEventListener("submit", onSubmit, true);
    };
  }, []);
  return null;
}
