// Tabs as people know them from elsewhere: one stop for Tab, arrow keys go round
// and show at once, Home and End jump.
export function TabList({ children, ...attributes }) {
  const onKeyDown = (event) => {
    const tabs = [...event.currentTarget.querySelectorAll("[role=tab]")];
    const at = tabs.indexOf(document.activeElement);
    const count = tabs.length;
    const next = {
      ArrowRight: (at + 1) % count,
      ArrowLeft: (at - 1 + count) % count,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (next === undefined || at < 0) return;
    event.preventDefault();
    tabs[next].focus();
    tabs[next].click();
  };

  return (
    <div {...attributes} role="tablist" onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}
