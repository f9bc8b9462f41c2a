import { useEffect } from "react";

// Chooses what the browser knows of where somebody is, in lists that nobody has
// chosen from: `zone` and `currency` are the names of the lists.
export function BrowserGuess({ zone, currency, currencies }) {
  useEffect(() => {
    const locale = new Intl.Locale(navigator.language || "en");
    choose(zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
    // A language without a country says nothing about money.
    choose(currency, currencies[locale.region]);
  }, []);
  return null;
}

function choose(name, value) {
  const list = document.querySelector(`select[name=${name}]`);
  const isOffered = [...(list?.options ?? [])].some((it) => it.value === value);
  if (isOffered && !list.value) list.value = value;
}
