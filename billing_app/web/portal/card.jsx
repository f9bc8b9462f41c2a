import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { worded } from "$/public/external/billing_app/web/words/words.js";

// Stripe's card form on our page. The card is typed into a frame of Stripe's: this
// page never sees it. Nothing is loaded from Stripe before this is shown.

const WORDS = {
  loading: worded("Loading the secure card form…"),
  ready: "",
  confirming:
    worded("Confirming your payment. Your bank may ask you to prove that it is you. Please keep this page open."),
  succeeded: worded("Your payment went through. Thank you. Updating the invoice…"),
  processing: worded("Your bank debit has started. Updating the invoice…"),
  unproven:
    worded("Your bank asked for proof and didn’t get it. Nothing was charged. Try again, or use another card."),
  canceled: worded("This payment was closed before anything was charged. Press Pay now to start again."),
  declined: worded("The card was declined. Nothing was charged. Try another card."),
  failed: worded("The payment didn’t go through. Nothing was charged. Please try again."),
};
const NO_PROOF = "payment_intent_authentication_failure";
const GOOD = ["succeeded", "processing"];

let loading = null;

function load(script) {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = script;
    element.onload = () => (window.Stripe ? resolve(window.Stripe) : reject());
    element.onerror = () => {
      loading = null;
      element.remove();
      reject();
    };
    document.head.append(element);
  });
  return loading;
}

// The frame can't read our stylesheet, so it is told our tokens as they are now.
function appearance(host) {
  const styles = getComputedStyle(host);
  const token = (name) => styles.getPropertyValue(name).trim();
  const isDark = document.documentElement.classList.contains("dark");
  return {
    theme: isDark ? "night" : "stripe",
    variables: {
      colorPrimary: token("--accent"),
      colorBackground: token("--raised"),
      colorText: token("--ink"),
      colorTextSecondary: token("--ink-2"),
      colorTextPlaceholder: token("--ink-3"),
      colorDanger: token("--bad"),
      fontFamily: token("--font"),
      fontSizeBase: "15px",
      borderRadius: token("--radius-sm"),
      spacingUnit: "4px",
    },
    rules: {
      ".Input": { border: `1px solid ${token("--line-field")}`, boxShadow: "none" },
      ".Input:focus": { border: `1px solid ${token("--accent")}`, boxShadow: "none" },
      ".Label": { fontWeight: "500" },
    },
  };
}

// What came of it, in one of the words above, and what Stripe says about it.
function read({ error, paymentIntent }) {
  const status = (error?.payment_intent ?? paymentIntent)?.status;
  if (GOOD.includes(status) || status === "canceled") return [status, WORDS[status]];
  if (!error) return ["unproven", WORDS.unproven];
  if (error.type === "validation_error") return ["ready", ""];
  if (error.code === NO_PROOF) return ["unproven", WORDS.unproven];
  if (error.type === "card_error") {
    const nothing = worded("Nothing was charged. Try another card.");
    return ["declined", `${error.message ?? ""} ${nothing}`.trim()];
  }
  return ["failed", WORDS.failed];
}

export function CardForm(props) {
  const { script, publishableKey, clientSecret, returnUrl, locale, amount } = props;
  const form = useRef(null);
  const place = useRef(null);
  const heading = useRef(null);
  const stripe = useRef(null);
  const elements = useRef(null);
  const told = useRef(props);
  told.current = props;
  const [state, setState] = useState("loading");
  const [words, setWords] = useState(WORDS.loading);
  const isBusy = ["loading", "confirming", "succeeded", "processing"].includes(state);

  const say = (next, sentence = WORDS[next]) => {
    setState(next);
    setWords(sentence);
  };

  // It may go at any moment: keep the keyboard at what takes its place.
  useLayoutEffect(() => {
    const here = form.current;
    return () => {
      if (!here.contains(document.activeElement)) return;
      const next = document.getElementById("payment");
      next?.focus({ preventScroll: true });
      // That is lower, and its words are at its top: the page would stand below them.
      requestAnimationFrame(() => next?.scrollIntoView({ block: "nearest" }));
    };
  }, []);

  useEffect(() => {
    let isGone = false;
    let element = null;
    const host = place.current;
    const block = () => !isGone && told.current.onBlocked();
    const restyle = () => elements.current?.update({ appearance: appearance(host) });
    const watcher = new MutationObserver(restyle);
    // Its fields grow once they are loaded: the buttons below them stay in view.
    const growing = new ResizeObserver(() => form.current?.scrollIntoView({ block: "nearest" }));
    heading.current.focus({ preventScroll: true });
    growing.observe(form.current);
    load(script).then((Stripe) => {
      if (isGone) return;
      stripe.current = Stripe(publishableKey);
      elements.current = stripe.current.elements({
        clientSecret,
        locale,
        appearance: appearance(host),
      });
      element = elements.current.create("payment", { layout: "tabs" });
      element.on("ready", () => say("ready"));
      element.on("focus", () => growing.disconnect());
      element.on("loaderror", block);
      element.mount(host);
      watcher.observe(document.documentElement, { attributeFilter: ["class"] });
    }, block);
    return () => {
      isGone = true;
      watcher.disconnect();
      growing.disconnect();
      element?.destroy();
    };
  }, [script, publishableKey, clientSecret, locale]);

  const confirm = async (event) => {
    event.preventDefault();
    if (isBusy) return;
    say("confirming");
    let result;
    try {
      result = await stripe.current.confirmPayment({
        elements: elements.current,
        confirmParams: { return_url: returnUrl },
        redirect: "if_required",
      });
    } catch {
      result = { error: { type: "api_error" } };
    }
    const [next, sentence] = read(result);
    say(next, sentence);
    if (!GOOD.includes(next) && next !== "canceled") return;
    told.current.onDone();
  };

  const isBad = ["declined", "unproven", "failed", "canceled"].includes(state);
  return (
    <form ref={form} className="card-form" aria-label={worded("Card payment")} onSubmit={confirm}>
      <h2 ref={heading} tabIndex={-1}>
        {worded("Pay {amount}", { amount })}
      </h2>
      <div ref={place} className="card-form-place" aria-busy={state === "loading"} />
      <p
        className={isBad ? "card-form-words card-form-bad" : "card-form-words"}
        role="status"
        aria-live="polite"
      >
        {words}
      </p>
      <button
        type="submit"
        className="button button-primary button-pay"
        aria-disabled={isBusy}
        aria-busy={state === "confirming"}
      >
        {worded("Pay {amount}", { amount })}
      </button>
      <button
        type="button"
        className="button button-quiet"
        aria-disabled={["confirming", "succeeded", "processing"].includes(state)}
        onClick={() => {
          if (["confirming", "succeeded", "processing"].includes(state)) return;
          told.current.onDrop();
        }}
      >
        {worded("Cancel")}
      </button>
    </form>
  );
}
