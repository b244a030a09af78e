// What a client does with an answer: it changes the phone, and says so. Returns the key of a sentence and its values.

import { CALLS } from "./api.js";
import { has } from "./words.js";
import { forget, phone, state } from "./state.js";

const LOGIN_ANSWERS = ["silentLogin", "authLogin", "updateUser", "bindMobile"];

export function react(exchange, role) {
  const { answer } = exchange;
  if (answer.renewed) phone().token = answer.renewed;
  const said = sentence(exchange, role);
  return answer.renewed ? [said, ["renewed"]] : [said];
}

function sentence(exchange, role) {
  const { answer, name } = exchange;
  if (answer.code === null) return ["unreachable"];
  if (answer.code === -1) return noToken(name, role);
  if (answer.code === 0) return refused(exchange);
  if (LOGIN_ANSWERS.includes(name)) return loginAnswer(exchange);
  return done(exchange);
}

// A token for a step that is owed belongs to the page of that step: it is kept. Any other one is dead.
function noToken(name, role) {
  const held = phone();
  const owes = held.token && held.nextStep !== "" && !CALLS[name].pending;
  const sent = held.token !== "";
  if (name === "logout") {
    forget();
    return ["dead_logout"];
  }
  if (!owes) Object.assign(held, { token: "", nextStep: "", known: false, stale: true });
  if (role) return ["dead_again"];
  if (!state.interceptor) return [sent ? "dead_idle" : "none_idle"];
  return [owes ? "owes_acting" : sent ? "dead_acting" : "none_acting"];
}

function refused({ answer, name }) {
  const { error, fields = {}, config } = answer.data;
  if (config) state.config = { ...state.config, ...config };
  const values = { error, msg: answer.msg, fields: Object.keys(fields).join(", "), seconds: answer.retryAfter };
  if (error === "authorized_login_disabled") return ["refused_authorized_login_disabled", values];
  if (error === "invalid_input" && values.fields) return ["refused_fields", values];
  return [has(`does_refused_${error}`) ? `refused_${error}` : "refused", { ...values, name }];
}

function loginAnswer({ answer, name }) {
  const { token, next_step: nextStep, mobile } = answer.data;
  Object.assign(phone(), { token, nextStep, mobile, known: true, tab: "me" });
  if (nextStep === "authorize") return [switchedOff() ? "authorize_unasked" : "authorize"];
  if (nextStep !== "") return [nextStep];
  phone().stale = true;
  return [`logged_in_${name}`];
}

const switchedOff = () => state.config && !state.config.mnp_auto_wechat_auth;

function done({ answer, name }) {
  if (name === "userInfo") Object.assign(phone(), { profile: answer.data, mobile: answer.data.mobile, stale: false, tab: "me" });
  if (name === "logout" || name === "delete") forget();
  return [`done_${name}`];
}
