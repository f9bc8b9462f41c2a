// The stand-in's card form, in a frame of its own: reads the card, asks the stand-in.
const form = document.querySelector("form");
const alert = document.querySelector("[role=alert]");
const numbers = {
  4242424242424242: "pm_card_visa",
  4000000000000002: "pm_card_chargeDeclined",
  4000002500003155: "pm_card_authenticationRequiredOnSetup",
};
let setup = {};

const tell = (message) => window.parent.postMessage(message, "*");
const digits = (name) => form.elements[name].value.replace(/\D/g, "");
const way = () => form.elements.way.value;
const id = () => setup.clientSecret.split("_secret_")[0];
const api = (path = "") =>
  new URL(`../v1/payment_intents/${id()}${path}`, document.baseURI).href;

window.addEventListener("message", async ({ source, data }) => {
  if (source !== window.parent) return;
  if (data.kind === "setup") await start(data);
  if (data.kind === "focus") form.elements.number.focus();
  if (data.kind === "confirm") {
    form.inert = true;
    const answer = await confirm();
    form.inert = false;
    tell({ kind: "answer", number: data.number, answer });
  }
});

async function start(wanted) {
  const isFirst = !setup.key;
  setup = wanted;
  const { theme, variables = {} } = setup.appearance ?? {};
  document.documentElement.classList.toggle("night", theme === "night");
  for (const [name, value] of Object.entries(variables))
    document.documentElement.style.setProperty(`--${name}`, value);
  if (!isFirst) return;
  const asked = new URLSearchParams({ key: setup.key, client_secret: setup.clientSecret });
  const intent = await (await fetch(`${api()}?${asked}`)).json();
  if (intent.error) return tell({ kind: "loaderror", error: intent.error });
  const isDebit = intent.payment_method_types.some((kind) => kind !== "card");
  document.getElementById("ways").hidden = !isDebit;
  tell({ kind: "ready" });
}

function findMistake() {
  if (way() === "debit") return null;
  const [month, year] = [digits("expiry").slice(0, 2), digits("expiry").slice(2)];
  const end = new Date(2000 + Number(year), Number(month), 1);
  if (digits("number").length < 13)
    return ["number", "incomplete_number", "Your card number is incomplete."];
  if (year.length !== 2 || month < 1 || month > 12)
    return ["expiry", "incomplete_expiry", "Your card's expiration date is incomplete."];
  if (end < new Date())
    return ["expiry", "invalid_expiry_year_past", "Your card's expiration year is in the past."];
  if (digits("cvc").length < 3)
    return ["cvc", "incomplete_cvc", "Your card's security code is incomplete."];
  return null;
}

async function confirm() {
  alert.textContent = "";
  for (const field of form.querySelectorAll("input")) field.removeAttribute("aria-invalid");
  const mistake = findMistake();
  if (mistake) {
    const [name, code, message] = mistake;
    form.elements[name].setAttribute("aria-invalid", "true");
    form.inert = false;
    form.elements[name].focus();
    alert.textContent = message;
    return { error: { type: "validation_error", code, message } };
  }
  const method =
    way() === "debit" ? "pm_bankDebit" : (numbers[digits("number")] ?? "pm_card_chargeDeclined");
  const body = new URLSearchParams({
    key: setup.key,
    client_secret: setup.clientSecret,
    payment_method: method,
  });
  const said = await (await fetch(api("/confirm"), { method: "POST", body })).json();
  if (!said.error) return { paymentIntent: said };
  const asked = new URLSearchParams({ key: setup.key, client_secret: setup.clientSecret });
  const intent = await (await fetch(`${api()}?${asked}`)).json();
  return { error: { ...said.error, payment_intent: intent } };
}

// Groups of four and a slash, as people read cards.
form.elements.number.addEventListener("input", ({ target }) => {
  target.value = (digits("number").slice(0, 19).match(/.{1,4}/g) ?? []).join(" ");
});
form.elements.expiry.addEventListener("input", ({ target, inputType }) => {
  const typed = digits("expiry").slice(0, 4);
  const isWhole = typed.length > 2 || (typed.length === 2 && inputType !== "deleteContentBackward");
  target.value = isWhole ? `${typed.slice(0, 2)} / ${typed.slice(2)}` : typed;
});
form.addEventListener("change", () => {
  document.getElementById("card").hidden = way() === "debit";
  document.getElementById("debit").hidden = way() !== "debit";
});
form.addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll("[data-number]"))
  button.addEventListener("click", () => {
    form.elements.number.value = button.dataset.number;
    form.elements.expiry.value = "12 / 34";
    form.elements.cvc.value = "123";
  });
new ResizeObserver(() =>
  tell({ kind: "height", height: Math.ceil(form.getBoundingClientRect().height) + 4 }),
).observe(form);
tell({ kind: "hello" });
