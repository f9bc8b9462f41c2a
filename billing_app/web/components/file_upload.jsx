import { useRef, useState } from "react";

const NO_ANSWER = "The file did not arrive. Check the connection and try again.";

async function send(action, name, file) {
  const form = new FormData();
  form.append(name, file);
  const answer = await fetch(action, { method: "POST", body: form });
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const said = isJson ? await answer.json() : { problem: await answer.text() };
  return answer.ok ? { digest: said.digest } : { problem: said.problem };
}

// A file goes by HTTP, where its size is limited while it arrives, and never
// through the page's socket.
export function FileUpload({
  action,
  maxBytes,
  tooLarge,
  onDone,
  onProblem,
  ...attributes
}) {
  const input = useRef(null);
  const [busy, setBusy] = useState(false);

  const onChange = async () => {
    const file = input.current.files[0];
    if (!file) return;
    if (file.size > maxBytes) {
      onProblem(tooLarge);
    } else {
      setBusy(true);
      const name = attributes.name;
      const said = await send(action, name, file).catch(() => ({ problem: NO_ANSWER }));
      setBusy(false);
      if (said.problem) onProblem(said.problem);
      else onDone(said.digest, file.name);
    }
    input.current.value = "";
  };

  return (
    <input
      {...attributes}
      ref={input}
      type="file"
      disabled={busy}
      aria-busy={busy}
      onChange={onChange}
    />
  );
}
