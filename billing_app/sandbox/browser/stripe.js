// A stand-in for Stripe.js: the part of it that the app uses, no account needed.
// The card is typed into a frame; this page never sees it.
(() => {
  const base = new URL("..", document.currentScript.src).href;

  function frame(path, title) {
    const made = document.createElement("iframe");
    made.src = `${base}card/${path}`;
    made.title = title;
    made.style.cssText = "border:0;width:100%;display:block";
    return made;
  }

  async function retrieve(key, clientSecret) {
    const id = clientSecret.split("_secret_")[0];
    const asked = new URLSearchParams({ key, client_secret: clientSecret });
    const answer = await fetch(`${base}v1/payment_intents/${id}?${asked}`);
    const said = await answer.json();
    return said.error ? { error: said.error } : { paymentIntent: said };
  }

  class PaymentElement {
    constructor(setup) {
      this.setup = setup;
      this.handlers = {};
      this.waiting = new Map();
      this.hear = this.hear.bind(this);
    }

    on(name, handler) {
      (this.handlers[name] ??= []).push(handler);
      return this;
    }

    mount(place) {
      const host = typeof place === "string" ? document.querySelector(place) : place;
      this.frame = frame("frame", "Secure payment input frame");
      this.frame.style.height = "260px";
      this.match();
      window.addEventListener("message", this.hear);
      host.append(this.frame);
    }

    focus() {
      this.frame.focus();
      this.tell({ kind: "focus" });
    }

    unmount() {
      window.removeEventListener("message", this.hear);
      this.frame?.remove();
    }

    destroy() {
      this.unmount();
    }

    update() {}

    // A frame is see-through only where both sides agree on light or dark.
    match() {
      const isNight = this.setup.appearance?.theme === "night";
      this.frame.style.colorScheme = isNight ? "dark" : "light";
    }

    tell(message) {
      this.frame.contentWindow?.postMessage(message, new URL(base).origin);
    }

    hear({ source, data }) {
      if (source !== this.frame?.contentWindow) return;
      if (data.kind === "hello") this.tell({ kind: "setup", ...this.setup });
      if (data.kind === "height") this.frame.style.height = `${data.height}px`;
      if (data.kind === "answer") this.waiting.get(data.number)?.(data.answer);
      if (["ready", "change", "loaderror"].includes(data.kind))
        for (const handler of this.handlers[data.kind] ?? []) handler(data);
    }

    confirm() {
      const number = this.waiting.size + 1;
      return new Promise((resolve) => {
        this.waiting.set(number, resolve);
        this.tell({ kind: "confirm", number });
      });
    }
  }

  // What a bank shows to whoever has to prove that the card is theirs.
  function askForProof(key, clientSecret) {
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", "Confirm with your bank");
    dialog.style.cssText =
      "width:min(420px,calc(100vw - 32px));height:340px;padding:0;margin:auto;border:0;border-radius:12px;overflow:hidden";
    const asked = new URLSearchParams({ key, client_secret: clientSecret });
    const inside = frame(`proof?${asked}`, "Confirm with your bank");
    inside.style.height = "100%";
    dialog.append(inside);
    document.body.append(dialog);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
    return new Promise((resolve) => {
      const hear = ({ source, data }) => {
        if (source !== inside.contentWindow || data.kind !== "answered") return;
        window.removeEventListener("message", hear);
        dialog.close();
        dialog.remove();
        resolve();
      };
      window.addEventListener("message", hear);
    });
  }

  window.Stripe = (key) => ({
    elements(options) {
      const setup = { key, ...options };
      const made = [];
      return {
        options: setup,
        element: () => made[0],
        getElement: () => made[0] ?? null,
        create(kind) {
          if (kind !== "payment") throw new Error(`No such element: ${kind}`);
          made.push(new PaymentElement(setup));
          return made[0];
        },
        update(changes) {
          Object.assign(setup, changes);
          made[0]?.match();
          made[0]?.tell({ kind: "setup", ...setup });
        },
        submit: async () => ({}),
      };
    },

    async confirmPayment({ elements, confirmParams, redirect = "always" }) {
      const { clientSecret } = elements.options;
      let result = await elements.element().confirm();
      if (result.paymentIntent?.status === "requires_action") {
        await askForProof(key, clientSecret);
        result = await retrieve(key, clientSecret);
        const failed = result.paymentIntent?.last_payment_error;
        if (failed)
          result = { error: { ...failed, payment_intent: result.paymentIntent } };
      }
      if (result.error || redirect === "if_required") return result;
      const back = new URL(confirmParams.return_url);
      back.searchParams.set("payment_intent", result.paymentIntent.id);
      back.searchParams.set("payment_intent_client_secret", clientSecret);
      back.searchParams.set("redirect_status", result.paymentIntent.status);
      window.location.assign(back);
      return new Promise(() => {});
    },

    retrievePaymentIntent: (clientSecret) => retrieve(key, clientSecret),
  });
})();
