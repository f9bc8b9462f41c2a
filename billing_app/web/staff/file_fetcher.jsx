import { useEffect, useRef } from "react";

// Saves a file each time `asked` grows. A refusal is a page of its own, which is gone
// to: a browser would only say that the download failed, and not why.
export function FileFetcher({ address, asked }) {
  const before = useRef(asked);
  useEffect(() => {
    const isAsked = asked > before.current;
    before.current = asked;
    if (isAsked) fetchFile(address);
  }, [asked]);
  return null;
}

async function fetchFile(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) return window.location.assign(address);
  const file = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = file;
  link.download = /filename="([^"]*)"/.exec(answer.headers.get("content-disposition"))[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(file), 60_000);
}
