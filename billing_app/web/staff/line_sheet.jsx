// Shows a document from the server, which escaped every text in it. Its lines have
// buttons that carry their place; a press hands that on.
export function LineSheet({ html, onPick }) {
  const onClick = (event) => {
    const button = event.target.closest("button[data-line]");
    if (button) onPick(Number(button.dataset.line));
  };

  return <div onClick={onClick} dangerouslySetInnerHTML={{ __html: html }} />;
}
