// Tokens that are good.
//
//   node good.mjs KEYS DATABASE
//
// Prints [{ why, token, who }]; who is what careaccess_whoami() says of it.

import { algorithms, jws, jwt, kids, now, sizes } from "./sign.mjs";

const database = process.argv[3];
const soon = Math.floor(now()) + 3600;
const tokens = [];
const add = (why, token, who = "member anna token") => tokens.push({ why, token, who });
const claims = (more) => ({ sub: "anna", aud: database, exp: soon, ...more });
// What JSON.stringify would not write.
const text = (more) => `{"sub":"anna","aud":${JSON.stringify(database)},${more}}`;

for (const name of ["hs", "rs", "es", "ed"]) {
  for (const kid of kids[name]) add(`${algorithms[name]}, ${kid}`, await jwt(name, claims(), kid));
}
add("RS256 of 3072 bits", await jwt("rs2", claims()));

for (const [why, more, who] of [
  ["an array of audiences", { aud: ["elsewhere", database] }],
  ["an array of one", { aud: [database] }],
  ["times that are past", { nbf: soon - 7200, iat: soon - 7200 }],
  ["a fraction of a second", { exp: soon + 0.123456789 }],
  ["kind member", { careaccess_kind: "member" }],
  [
    "claims that mean nothing here",
    { jti: "x", iss: "y", exp2: 1, role: { sub: "bert", aud: ["x"] }, careaccess_role: ["owner"] },
  ],
  ["a number as text", { sub: "42" }, "member 42 token"],
  ["a uuid", { sub: "0b0e9d4c-3d5a-4a52-9f5c-6f0f0a4f7a11" }, "member 0b0e9d4c-3d5a-4a52-9f5c-6f0f0a4f7a11 token"],
  ["letters beyond ASCII", { sub: "zoë ❤" }, "member zoë ❤ token"],
  ["255 bytes", { sub: "x".repeat(255) }, `member ${"x".repeat(255)} token`],
  ["a portal user", { sub: "u1", careaccess_kind: "portal" }, "portal u1 token"],
  ["a portal user on another profile", { sub: "u1", careaccess_kind: "portal", careaccess_client: "c4" }, "portal u1 token"],
  ["a portal user on one that is not his", { sub: "u1", careaccess_kind: "portal", careaccess_client: "c2" }, "portal u1 token"],
  ["a disabled member", { sub: "gone" }, "nobody token"],
  ["a member who is past", { sub: "past" }, "nobody token"],
  ["no such member", { sub: "nowhere" }, "nobody token"],
  ["a portal user's name", { sub: "u1" }, "nobody token"],
  ["a member's name for the portal", { careaccess_kind: "portal" }, "nobody token"],
]) {
  add(why, await jwt("ed", claims(more)), who);
}

for (const [why, more] of [
  ["an exponent", `"exp":1.9e9`],
  ["an exponent with a sign", `"exp":19E+8`],
  ["spaces", ` "exp" :\n\t${soon} `],
  ["a repeated claim that does not count", `"exp":${soon},"x":1,"x":2`],
  ["claims inside another", `"exp":${soon},"x":{"sub":"bert","exp":1,"exp":2},"y":[{"aud":1}]`],
  ["deep, but not too deep", `"exp":${soon},"x":${"[".repeat(15)}${"]".repeat(15)}`],
  ["brackets in a text", `"exp":${soon},"x":"${"[{".repeat(100)}\\"[["`],
]) {
  add(why, await jws("hs", text(more)));
}
add("escapes", await jws("hs", `{"\\u0073ub":"\\u0061nna","aud":${JSON.stringify(database)},"exp":${soon}}`));
add("the end of the world", await jws("hs", text(`"exp":9.2e12`)));
add(
  "other header parameters",
  await jws("hs", JSON.stringify(claims()), {
    jku: "https://x/",
    x5u: "https://x/",
    jwk: { kty: "oct", k: "AA" },
    x5c: ["AA"],
    typ: "x",
    cty: "y",
  }),
);
add("as long as can be", (await sizes(claims())).at(-1));
// Where the encoding is not UTF8, only this many are.
const ascii = /^[\x20-\x5b\x5d-\x7e\s]*$/;
for (const t of tokens) {
  const [header, payload] = t.token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  t.ascii = ascii.test(header) && ascii.test(payload);
}

console.log(JSON.stringify(tokens));
