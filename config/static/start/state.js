// What this page knows: one phone for each person, the switches as last seen, and what is typed into the forms.

export const PEOPLE = ["alice", "bob", "charlie", "dave"];
const KEPT = "start-phones";
const kept = JSON.parse(sessionStorage.getItem(KEPT) || "{}");

export const state = {
  person: kept.person || "dave",
  phones: kept.phones || {},
  interceptor: kept.interceptor ?? true,
  config: null,
  configAt: null,
  busy: false,
  form: { agreed: false, nickname: "", number: "", confirm: true, picture: null },
};

// A phone that nobody has logged in with. `known` is false until the server said what the next step is.
const fresh = () => ({ token: "", nextStep: "", known: false, tab: "home", profile: null, stale: true, mobile: "", toast: "", uploads: {} });

export function phone() {
  state.phones[state.person] ??= fresh();
  return state.phones[state.person];
}

export function forget() {
  state.phones[state.person] = fresh();
}

export const loggedIn = ({ token, nextStep }) => token !== "" && nextStep === "";

export function choose(person) {
  state.person = person;
  state.form.nickname = person[0].toUpperCase() + person.slice(1);
  state.form.number = numberFor(person);
  state.form.agreed = false;
  state.form.confirm = true;
}

export function keep() {
  const { person, phones, interceptor } = state;
  sessionStorage.setItem(KEPT, JSON.stringify({ person, phones, interceptor }));
}

// The same person has the same number whenever the page is opened.
function numberFor(person) {
  let hash = 7;
  for (const letter of person) hash = (hash * 31 + letter.codePointAt(0)) % 100_000_000;
  return `139${String(hash).padStart(8, "0")}`;
}
