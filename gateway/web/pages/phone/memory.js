// What the browser remembers of the page. One that keeps nothing, or forbids to, forgets at the next visit.

const tab = () => sessionStorage;
const browser = () => localStorage;

export const ofTab = memoryOf(tab);
export const ofBrowser = memoryOf(browser);

function memoryOf(storage) {
  const attempt = (act) => {
    try {
      return act(storage());
    } catch {
      return null;
    }
  };
  return {
    recall: (key) => attempt((kept) => kept.getItem(`waspada.${key}`)),
    remember: (key, value) => attempt((kept) => kept.setItem(`waspada.${key}`, value)),
    forget: (key) => attempt((kept) => kept.removeItem(`waspada.${key}`)),
  };
}
