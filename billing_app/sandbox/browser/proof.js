// The stand-in bank's question; the answer goes to the stand-in, then to the page.
for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", async () => {
    const body = new URLSearchParams(window.location.search);
    body.set("answer", button.value);
    await fetch(window.location.pathname, { method: "POST", body });
    window.parent.postMessage({ kind: "answered" }, "*");
  });
