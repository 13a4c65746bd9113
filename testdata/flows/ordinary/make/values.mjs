// Values as services give them, always the same ones.
import { createHash } from "node:crypto";

let state = 0x9e3779b97f4a7c15n;
const next = () => {
  state ^= (state << 13n) & 0xffffffffffffffffn;
  state ^= state >> 7n;
  state ^= (state << 17n) & 0xffffffffffffffffn;
  return state;
};
export const below = (n) => Number((next() >> 11n) % BigInt(n));
export const pick = (list) => list[below(list.length)];
const bytes = (n) => Buffer.from(Array.from({ length: n }, () => below(256)));
export const hex = (n) => bytes(n / 2).toString("hex");
export const base64 = (n) => bytes(n).toString("base64");
export const base64url = (n) => bytes(n).toString("base64url");
export const uuid = () => {
  const h = hex(32);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
};
export const ulid = () =>
  "01K" + Array.from({ length: 23 }, () => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[below(32)]).join("");
export const sha256 = (text) => createHash("sha256").update(text).digest("hex");
export const day = () => `2026-0${1 + below(9)}-1${below(10)}T0${below(10)}:${10 + below(50)}:00.${hex(2) ? "123" : ""}Z`;
export const many = (n, one) => Array.from({ length: n }, (_, i) => one(i));

// What is secret in the traffic: a redaction of anything else is a false one.
export const secrets = [];
export const secret = (value) => (secrets.push(value), value);
