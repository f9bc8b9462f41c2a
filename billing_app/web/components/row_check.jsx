import { useEffect, useState } from "react";

// Shows the tick at once; the server has the last word when it answers.
export function RowCheck({ checked, onCheck, ...attributes }) {
  const [shown, setShown] = useState(checked);
  useEffect(() => setShown(checked), [checked]);

  const onChange = (event) => {
    setShown(event.target.checked);
    onCheck();
  };
  return <input {...attributes} type="checkbox" checked={shown} onChange={onChange} />;
}
