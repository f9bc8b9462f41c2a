import { useRef, useState } from "react";

const TOO_LARGE = "This file is larger than 5 MB. Save the logo as a smaller PNG.";
const NO_ANSWER = "The file did not arrive. Check the connection and try again.";

async function send(action, file) {
  const form = new FormData();
  form.append("logo", file);
  const answer = await fetch(action, { method: "POST", body: form });
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const said = isJson ? await answer.json() : { problem: await answer.text() };
  return answer.ok ? { digest: said.digest } : { problem: said.problem };
}

// A file goes by HTTP, where its size is limited while it arrives, and never
// through the page's socket.
export function LogoUpload({ action, maxBytes, onDone, onProblem, ...attributes }) {
  const input = useRef(null);
  const [busy, setBusy] = useState(false);

  const onChange = async () => {
    const file = input.current.files[0];
    if (!file) return;
    if (file.size > maxBytes) {
      onProblem(TOO_LARGE);
    } else {
      setBusy(true);
      const said = await send(action, file).catch(() => ({ problem: NO_ANSWER }));
      setBusy(false);
      if (said.problem) onProblem(said.problem);
      else onDone(said.digest);
    }
    input.current.value = "";
  };

  return (
    <input
      {...attributes}
      ref={input}
      type="file"
      accept="image/png,image/jpeg,image/webp,image/gif"
      disabled={busy}
      aria-busy={busy}
      onChange={onChange}
    />
  );
}
