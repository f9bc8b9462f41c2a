import { useEffect } from "react";

// A form goes out once: from its press until the server has answered, it takes no
// other. Each press carries a key, so that one that was sent twice, into a queue or
// through a line that broke, is carried out once (web/doors.py: PressState).
const PATIENCE_MS = 15000;
const NAME = "press";

const sent = new Map();

const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

// Those with a method are sent by the browser itself: a file, or another page.
const isOurs = (form) => !form.hasAttribute("method");

function stop(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function free(form) {
  form.removeAttribute("aria-busy");
  clearTimeout(sent.get(form)?.timer);
}

// The second half of a double click means the first: the form may have gone by then.
function onClick(event) {
  if (event.detail > 1 && event.target.closest?.("[type=submit]")) stop(event);
}

function onSubmit(event) {
  const form = event.target;
  if (!isOurs(form)) return;
  if (form.getAttribute("aria-busy") === "true") return stop(event);
  const last = sent.get(form);
  sent.delete(form);
  const typed = JSON.stringify([...new FormData(form)]);
  // What was never answered goes out under its key again; something else is new.
  const press = last?.typed === typed ? last.press : newKey();
  form.setAttribute("aria-busy", "true");
  sent.set(form, { press, typed, timer: setTimeout(() => free(form), PATIENCE_MS) });
}

function onFormData({ target, formData }) {
  const press = sent.get(target)?.press;
  if (press) formData.set(NAME, press);
}

const LISTENERS = { click: onClick, submit: onSubmit, formdata: onFormData };

export function Presses({ answered }) {
  useEffect(() => {
    for (const [name, listener] of Object.entries(LISTENERS))
      document.addEventListener(name, listener, true);
    return () => {
      for (const [name, listener] of Object.entries(LISTENERS))
        document.removeEventListener(name, listener, true);
      sent.clear();
    };
  }, []);

  useEffect(() => {
    for (const [form, { press }] of [...sent]) {
      if (!answered.includes(press)) continue;
      free(form);
      sent.delete(form);
    }
  }, [answered]);

  return null;
}
