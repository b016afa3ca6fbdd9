// Tokens that are not good, each for one reason.
//
//   node hostile.mjs KEYS DATABASE
//
// Prints [{ why, token, fault }]; fault is what careaccess_whoami() finds wrong.

import { publicEncrypt, constants, generateKeyPairSync } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { CompactEncrypt, FlattenedSign, UnsecuredJWT, importJWK } from "jose";
import { algorithms, jwks, jws, jwt, kids, now, publicKey, raw, signature, sizes, url64 } from "./sign.mjs";

const database = process.argv[3];
const soon = Math.floor(now()) + 3600;
const names = ["hs", "rs", "es", "ed"];
const tokens = [];
const add = (fault, why, token) => tokens.push({ why, token, fault });
const claims = (more) => ({ sub: "anna", aud: database, exp: soon, ...more });
const payload = JSON.stringify(claims());
const header = (more) => JSON.stringify({ alg: "HS256", kid: "hs", ...more });
const good = {};
for (const name of names) good[name] = await jwt(name, claims());
const parts = (token) => token.split(".");
const replaced = (token, n, part) =>
  parts(token)
    .map((p, i) => (i === n ? part : p))
    .join(".");
const resigned = (name, bytes) => replaced(good[name], 2, url64(bytes));
const bytes = (name, n) => Buffer.from(parts(good[name])[n], "base64url");

//
// Whose signature is it?
//
for (const alg of [
  "none",
  "None",
  "NONE",
  "nOnE",
  "",
  "HS384",
  "HS512",
  "hs256",
  "RS384",
  "PS256",
  "ES384",
  "ES256K",
  "EdDSA ",
  "Ed25519",
  "dir",
]) {
  const unsigned = `${url64(header({ alg }))}.${url64(payload)}.`;
  add("algorithm", `alg "${alg}", unsigned`, unsigned);
  add("algorithm", `alg "${alg}", signed all the same`, raw("hs", header({ alg }), payload));
}
add("header", "an unsecured token", new UnsecuredJWT(claims()).encode());
for (const name of ["rs", "es", "ed"]) {
  for (const kid of kids[name]) {
    for (const format of ["pem", "der", "raw"]) {
      const secret = publicKey(name, format);
      add("algorithm", `HMAC with the public key of ${kid} as ${format}`, raw("hs", header({ kid }), payload, { secret }));
      add("signature", `… and its algorithm`, raw("hs", header({ kid, alg: algorithms[name] }), payload, { secret }));
    }
    const trimmed = publicKey(name, "pem").trim();
    add(
      "algorithm",
      `HMAC with the PEM of ${kid} without its last line's end`,
      raw("hs", header({ kid }), payload, { secret: trimmed }),
    );
  }
}
add("signature", "HMAC with nothing", raw("hs", header(), payload, { secret: "" }));
add("signature", "HMAC with zeros", raw("hs", header(), payload, { secret: Buffer.alloc(32) }));
add("signature", "HMAC with the secret as base64url", raw("hs", header(), payload, { secret: jwks.hs.k }));
for (const name of names) {
  const length = bytes(name, 2).length;
  add("signature", `${name}: an empty signature`, resigned(name, ""));
  add("signature", `${name}: zeros`, resigned(name, Buffer.alloc(length)));
  add("signature", `${name}: ones`, resigned(name, Buffer.alloc(length, 255)));
  add("signature", `${name}: the number one`, resigned(name, Buffer.concat([Buffer.alloc(length - 1), Buffer.from([1])])));
  add("signature", `${name}: one byte`, resigned(name, Buffer.from([0])));
  add("signature", `${name}: a byte less`, resigned(name, bytes(name, 2).subarray(0, -1)));
  add("signature", `${name}: a byte more`, resigned(name, Buffer.concat([bytes(name, 2), Buffer.alloc(1)])));
  add("signature", `${name}: a zero before`, resigned(name, Buffer.concat([Buffer.alloc(1), bytes(name, 2)])));
  add("signature", `${name}: twice`, resigned(name, Buffer.concat([bytes(name, 2), bytes(name, 2)])));
  add("signature", `${name}: of another token`, replaced(await jwt(name, claims({ sub: "bert" })), 2, parts(good[name])[2]));
  add(
    "signature",
    `${name}: another header, which says the same`,
    replaced(good[name], 0, url64(JSON.stringify({ kid: kids[name][0], alg: algorithms[name] }))),
  );
  for (const other of names) {
    if (other === name) continue;
    add("signature", `${name}: by ${other}`, raw(other, JSON.stringify({ alg: algorithms[name], kid: kids[name][0] }), payload));
    add("algorithm", `${name}: by ${other} under its algorithm`, await jwt(other, claims(), kids[name][0]));
  }
}
add("signature", "by another key of the algorithm: HS256", await jwt("hs2", claims(), "hs"));
add("signature", "by another key of the algorithm: RS256", await jwt("rs2", claims(), "rs-pem"));
add(
  "signature",
  "by a key that is too small, put in by hand",
  raw("small", JSON.stringify({ alg: "RS256", kid: "small" }), payload),
);
{
  const data = parts(good.es).slice(0, 2).join(".");
  add("signature", "ES256 as DER", resigned("es", signature("es", data, { options: { dsaEncoding: "der" } })));
  add("signature", "ES256 over SHA-512", resigned("es", signature("es", data, { hash: "sha512" })));
  const [r, s] = [bytes("es", 2).subarray(0, 32), bytes("es", 2).subarray(32)];
  add("signature", "ES256, r and s the other way round", resigned("es", Buffer.concat([s, r])));
  add("signature", "ES256, r = 0", resigned("es", Buffer.concat([Buffer.alloc(32), s])));
  add("signature", "ES256, s = 0", resigned("es", Buffer.concat([r, Buffer.alloc(32)])));
  const n = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
  add("signature", "ES256, r = n", resigned("es", Buffer.concat([n, s])));
  add("signature", "ES256, s = n", resigned("es", Buffer.concat([r, n])));
  add("signature", "ES256, r = s = n", resigned("es", Buffer.concat([n, n])));
}
{
  const data = parts(good.rs).slice(0, 2).join(".");
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  add("signature", "RS256 that is PS256", resigned("rs", signature("rs", data, { options: pss })));
  for (const hash of ["sha1", "sha512"]) add("signature", `RS256 over ${hash}`, resigned("rs", signature("rs", data, { hash })));
  const noPadding = { key: publicKey("rs", "pem"), padding: constants.RSA_NO_PADDING };
  const one = Buffer.concat([Buffer.alloc(255), Buffer.from([2])]);
  add("signature", "RS256 by the public key", resigned("rs", publicEncrypt(noPadding, one)));
}
{
  // S + L instead of S: the equation holds, the standard refuses it.
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = Buffer.from(bytes("ed", 2));
  let more = BigInt("0x" + Buffer.from(s.subarray(32)).reverse().toString("hex")) + L;
  for (let i = 32; i < 64; i++, more >>= 8n) s[i] = Number(more & 255n);
  add("signature", "EdDSA, S beyond the group's order", resigned("ed", s));
  add("signature", "EdDSA, a point of small order", resigned("ed", Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])));
}
// A key that the token brings itself.
{
  const { publicKey: theirs, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  jwks.attacker = privateKey.export({ format: "jwk" });
  algorithms.attacker = "ES256";
  const jwk = theirs.export({ format: "jwk" });
  const x5c = [theirs.export({ type: "spki", format: "der" }).toString("base64")];
  for (const [what, more] of Object.entries({
    jwk: { jwk },
    jku: { jku: "https://attacker/" },
    x5u: { x5u: "https://attacker/" },
    x5c: { x5c },
    x5t: { x5t: "AA" },
  })) {
    add(
      "signature",
      `its own key, by ${what}`,
      raw("attacker", JSON.stringify({ alg: "ES256", kid: "es-pem", ...more }), payload),
    );
    add("header", `its own key, by ${what} alone`, raw("attacker", JSON.stringify({ alg: "ES256", ...more }), payload));
  }
}

//
// The three parts
//
const [h, p, s] = parts(good.hs);
for (const [why, token] of Object.entries({
  "one part": p,
  "two parts": `${h}.${p}`,
  "four parts": `${good.hs}.${s}`,
  "four, one of them empty": `${good.hs}.`,
  dots: "..",
  "a dot": ".",
  "four dots": "....",
  "no header": `.${p}.${s}`,
  "no payload": `${h}..${s}`,
  "only a signature": `..${s}`,
  "a dot before": `.${good.hs}`,
  "two dots": `${h}..${p}.${s}`,
  "a space before": ` ${good.hs}`,
  "a space after": `${good.hs} `,
  "a line's end after": `${good.hs}\n`,
  "a space inside": `${h} .${p}.${s}`,
  "a line's end inside": `${h}.${p.slice(0, 20)}\n${p.slice(20)}.${s}`,
  "a tab in the signature": `${h}.${p}.${s.slice(0, 4)}\t${s.slice(4)}`,
  Bearer: `Bearer ${good.hs}`,
  quotes: `"${good.hs}"`,
  "a comma": `${h},${p},${s}`,
  "a letter beyond ASCII": `${h}.${p}.${s}é`,
  "a wide dot": `${h}．${p}．${s}`,
  "a percent sign": `${h}%2e${p}.${s}`,
})) {
  add(why === "no payload" ? "signature" : "malformed", why, token);
}
for (const [i, name] of [
  [0, "header"],
  [1, "payload"],
  [2, "signature"],
]) {
  const part = parts(good.es)[i];
  for (const more of ["=", "==", "A", "*", "~", "\\", "'"])
    add(more === "A" ? undefined : "malformed", `${name} with ${more}`, replaced(good.es, i, part + more));
}
// Plain base64, where it differs, and bits that nobody reads.
{
  let token;
  do token = await jwt("es", claims({ jti: Math.random() }));
  while (!/[-_]/.test(parts(token)[2]));
  add("malformed", "plain base64", replaced(token, 2, parts(token)[2].replaceAll("-", "+").replaceAll("_", "/")));
  add(
    "malformed",
    "plain base64, with its end",
    replaced(token, 2, `${parts(token)[2].replaceAll("-", "+").replaceAll("_", "/")}==`),
  );
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const name of names) {
    for (let i = 0; i < 3; i++) {
      const part = parts(good[name])[i];
      const last = alphabet.indexOf(part.at(-1));
      if (part.length % 4 === 0) continue;
      const other = part.slice(0, -1) + alphabet[last ^ 1];
      if (!Buffer.from(other, "base64url").equals(bytes(name, i))) throw new Error("not the same bytes");
      add("malformed", `${name}: another last letter for part ${i}`, replaced(good[name], i, other));
    }
  }
}
{
  const secret = await importJWK(jwks.hs, "A256GCM");
  const jwe = await new CompactEncrypt(Buffer.from(payload))
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: "hs" })
    .encrypt(secret);
  add("malformed", "an encrypted token", jwe);
  const flattened = await new FlattenedSign(Buffer.from(payload)).setProtectedHeader({ alg: "HS256", kid: "hs" }).sign(secret);
  add("malformed", "a token in JSON", JSON.stringify(flattened));
  add("malformed", "a token in a token", await jws("hs", good.hs, { cty: "JWT" }));
  add("malformed", "a compressed payload", await jws("hs", deflateRawSync(payload), { zip: "DEF" }));
  add(
    "malformed",
    "a payload as it is",
    `${url64(header({ b64: false }))}.${payload}.${url64(signature("hs", `${url64(header({ b64: false }))}.${payload}`))}`,
  );
}
add("long", "a byte too long", (await sizes(claims(), false))[0]);
add("long", "a megabyte", await jwt("hs", claims({ x: "x".repeat(1 << 20) })));
add("long", "a megabyte of nothing", "A".repeat(1 << 20));
add("long", "dots without end", ".".repeat(20000));

//
// The header
//
const odd = (fault, why, text) => add(fault, `header: ${why}`, raw("hs", text, payload));
for (const [why, kid] of [
  ["a number", 1],
  ["null", null],
  ["an array", ["hs"]],
  ["an object", { kid: "hs" }],
  ["true", true],
])
  odd("header", `kid is ${why}`, header({ kid }));
for (const kid of [
  "",
  " ",
  "hs ",
  " hs",
  "HS",
  "h%",
  "%",
  "h_",
  "*",
  "hs\\",
  "'",
  "''",
  '"hs"',
  "' OR '1'='1",
  "hs'--",
  "hs; DROP TABLE careaccess.token_key",
  "$1",
  "../../../dev/null",
  "hs\u00a0",
  "hѕ",
  "x".repeat(255),
  "x".repeat(256),
  "x".repeat(5000),
  "nokey",
]) {
  odd("key", `kid ${JSON.stringify(kid.slice(0, 40))}`, header({ kid }));
}
odd("malformed", "kid with a NUL", '{"alg":"HS256","kid":"hs\\u0000"}');
odd("header", "no kid", '{"alg":"HS256"}');
odd("header", "no alg", '{"kid":"hs"}');
odd("header", "nothing in it", "{}");
odd("header", "alg is a number", '{"alg":1,"kid":"hs"}');
odd("header", "alg is null", '{"alg":null,"kid":"hs"}');
odd("header", "alg is an array", '{"alg":["HS256"],"kid":"hs"}');
for (const crit of [[], ["exp"], ["b64"], null, "exp", {}, false])
  odd("header", `crit ${JSON.stringify(crit)}`, header({ crit, b64: true, exp: 1 }));
odd("duplicate", "alg twice", '{"alg":"HS256","alg":"HS256","kid":"hs"}');
odd("duplicate", "alg twice, none last", '{"alg":"HS256","kid":"hs","alg":"none"}');
odd("duplicate", "alg twice, none first", '{"alg":"none","alg":"HS256","kid":"hs"}');
odd("duplicate", "alg twice, once by an escape", '{"alg":"HS256","\\u0061lg":"HS256","kid":"hs"}');
odd("duplicate", "kid twice", '{"alg":"HS256","kid":"hs","kid":"hs2"}');
odd("duplicate", "kid twice, once by an escape", '{"alg":"HS256","\\u006b\\u0069\\u0064":"hs","kid":"hs"}');
for (const [why, text] of [
  ["empty", ""],
  ["a space", " "],
  ["an array", `[${header()}]`],
  ["a text", '"x"'],
  ["null", "null"],
  ["cut off", header().slice(0, -1)],
  ["followed by something", `${header()}x`],
  ["two", header() + header()],
  ["a NUL after", `${header()}\0`],
  ["not UTF-8", Buffer.from(header({ x: "\xff" }), "latin1")],
]) {
  odd("malformed", why, text);
}
odd("malformed", "deep", `{"alg":"HS256","kid":"hs","x":${"[".repeat(4000)}${"]".repeat(4000)}}`);
odd("malformed", "deep, never closed", `{"alg":"HS256","kid":"hs","x":${"[".repeat(10000)}`);
odd("malformed", "deep objects", `{"alg":"HS256","kid":"hs","x":${'{"a":'.repeat(1500)}1${"}".repeat(1500)}}`);

//
// The claims
//
const text = (more, sub = '"anna"', aud = JSON.stringify(database)) => `{"sub":${sub},"aud":${aud},${more}}`;
const said = async (fault, why, bytes) => add(fault, `payload: ${why}`, await jws("hs", bytes));
const exp = `"exp":${soon}`;
for (const [why, bytes] of [
  ["an array", `[${payload}]`],
  ["an array in an array", `[[${payload}]]`],
  ["a text", '"anna"'],
  ["a number", "1"],
  ["null", "null"],
  ["true", "true"],
  ["a space", " "],
  ["two", `${payload}${payload}`],
  ["two with a comma", `${payload},${payload}`],
  ["cut off", payload.slice(0, -1)],
  ["a comma too many", payload.replace(/}$/, ",}")],
  ["a comment", payload.replace("{", "{/* */")],
  ["single quotes", payload.replaceAll('"', "'")],
  ["names without quotes", payload.replaceAll(/"(\w+)":/g, "$1:")],
  ["a byte order mark", `\ufeff${payload}`],
  ["UTF-16", Buffer.from(payload, "utf16le")],
  ["a NUL after", `${payload}\0`],
  ["a NUL before", `\0${payload}`],
  ["a NUL in a text", text(exp, '"anna\0"')],
  ["a NUL escaped", text(exp, '"anna\\u0000"')],
  ["a NUL escaped in a name", text(`${exp},"sub\\u0000":"bert"`)],
  ["a line's end in a text", text(exp, '"an\nna"')],
  ["half a pair", text(exp, '"anna\\ud800"')],
  ["the other half", text(exp, '"anna\\udc00"')],
  ["halves the wrong way round", text(exp, '"\\udc00\\ud800"')],
  ["half a pair and a letter", text(exp, '"\\ud800\\u0061"')],
  ["half a pair in a claim that does not count", text(`${exp},"x":"\\ud800"`)],
  ["a wrong escape", text(exp, '"\\anna"')],
  ["a cut escape", text(exp, '"\\u00"')],
  ["not UTF-8", Buffer.from(text(exp, '"anna\xff"'), "latin1")],
  ["not UTF-8, where it does not count", Buffer.from(text(`${exp},"x":"\xff"`), "latin1")],
  ["too long UTF-8", Buffer.from(text(exp, '"\xc0\xa1nna"'), "latin1")],
  ["a half in UTF-8", Buffer.from(text(exp, '"\xed\xa0\x80"'), "latin1")],
  ["beyond Unicode", Buffer.from(text(exp, '"\xf4\x90\x80\x80"'), "latin1")],
  ["NaN", text('"exp":NaN')],
  ["Infinity", text('"exp":Infinity')],
  ["a plus", text(`"exp":+${soon}`)],
  ["a zero before", text(`"exp":0${soon}`)],
  ["hexadecimal", text('"exp":0x7fffffff')],
  ["a point without a digit", text(`"exp":${soon}.`)],
  ["a point without a number", text('"exp":.5')],
  ["an exponent without a digit", text(`"exp":${soon}e`)],
  ["an underscore", text('"exp":9_000_000_000')],
  ["deep", text(`${exp},"x":${"[".repeat(5000)}${"]".repeat(5000)}`)],
  ["deep, never closed", text(`${exp},"x":${"[".repeat(10000)}`).slice(0, -1)],
  ["deep in a claim", text(`"exp":${"[".repeat(5000)}1${"]".repeat(5000)}`)],
  ["deep objects", text(`${exp},"x":${'{"a":'.repeat(1500)}1${"}".repeat(1500)}`)],
  ["deep from the beginning", "[".repeat(10000)],
  ["a little too deep", text(`${exp},"x":${"[".repeat(16)}${"]".repeat(16)}`)],
])
  await said("malformed", why, bytes);

for (const [name, value] of [
  ["sub", '"anna"'],
  ["aud", JSON.stringify(database)],
  ["exp", soon],
  ["nbf", 1],
  ["iat", 1],
  ["careaccess_kind", '"member"'],
  ["careaccess_client", '"c1"'],
]) {
  const rest = Object.entries(claims())
    .filter(([n]) => n !== name)
    .map(([n, v]) => `"${n}":${JSON.stringify(v)}`)
    .join(",");
  const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  const kind = name === "careaccess_client" ? ',"careaccess_kind":"portal"' : "";
  await said("duplicate", `${name} twice, alike`, `{"${name}":${value},${rest}${kind},"${name}":${value}}`);
  await said("duplicate", `${name} twice, once by an escape`, `{"${name}":${value},${rest}${kind},"${escaped}":${value}}`);
  await said("duplicate", `${name} twice, null last`, `{"${name}":${value},${rest}${kind},"${name}":null}`);
}
await said("duplicate", "sub twice, differing", text(`${exp},"sub":"olga"`));
await said("duplicate", "exp twice, the later last", text(`"exp":1,${exp}`));

for (const [fault, why, more] of [
  ["claims", "no sub", { sub: undefined }],
  ["claims", "no exp", { exp: undefined }],
  ["audience", "no aud", { aud: undefined }],
  ["claims", "nothing", { sub: undefined, exp: undefined, aud: undefined }],
  ["claims", "sub is a number", { sub: 42 }],
  ["claims", "sub is empty", { sub: "" }],
  ["claims", "sub of 256 bytes", { sub: "x".repeat(256) }],
  ["claims", "sub of 300 bytes", { sub: "é".repeat(150) }],
  ["claims", "sub is null", { sub: null }],
  ["claims", "sub is an array", { sub: ["anna"] }],
  ["claims", "sub is an object", { sub: { id: "anna" } }],
  ["claims", "sub is true", { sub: true }],
  ["claims", "exp is a text", { exp: String(soon) }],
  ["claims", "exp is null", { exp: null }],
  ["claims", "exp is true", { exp: true }],
  ["claims", "exp is an array", { exp: [soon] }],
  ["claims", "exp is an object", { exp: { $numberLong: soon } }],
  ["claims", "exp is a date", { exp: "2999-01-01" }],
  ["expired", "exp is 0", { exp: 0 }],
  ["expired", "exp is negative", { exp: -1 }],
  ["expired", "exp was long ago", { exp: -2e11 }],
  ["expired", "exp was a moment ago", { exp: now() - 0.001 }],
  ["claims", "exp in milliseconds", { exp: 99999999999999 }],
  ["claims", "exp is huge", { exp: 1e300 }],
  ["claims", "exp before any time", { exp: -1e13 }],
  ["claims", "nbf is a text", { nbf: "1" }],
  ["claims", "nbf is null", { nbf: null }],
  ["claims", "nbf is huge", { nbf: 1e300 }],
  ["claims", "nbf is negative and huge", { nbf: -1e300 }],
  ["not yet", "nbf is to come", { nbf: soon - 60 }],
  ["claims", "iat is a text", { iat: "1" }],
  ["claims", "iat is an array", { iat: [1] }],
  ["not yet", "iat is to come", { iat: soon - 60 }],
  ["not yet", "nbf is past, iat is to come", { nbf: 1, iat: soon - 60 }],
  ["not yet", "iat is past, nbf is to come", { nbf: soon - 60, iat: 1 }],
  ["audience", "another aud", { aud: "other" }],
  ["audience", "aud is empty", { aud: "" }],
  ["audience", "no aud in the array", { aud: [] }],
  ["audience", "others in the array", { aud: ["a", "b", "c"] }],
  ["audience", "aud is longer", { aud: `${database}2` }],
  ["audience", "aud is shorter", { aud: database.slice(0, -1) }],
  ["audience", "aud in capitals", { aud: database.toUpperCase() }],
  ["audience", "aud with a space", { aud: `${database} ` }],
  ["audience", "aud is a pattern", { aud: "%" }],
  ["audience", "several in one", { aud: `other ${database}` }],
  ["audience", "the audience of another key", { aud: "clinic" }],
  ["claims", "aud is a number", { aud: 1 }],
  ["claims", "aud is null", { aud: null }],
  ["claims", "aud is an object", { aud: { [database]: true } }],
  ["claims", "an array in aud", { aud: [[database]] }],
  ["claims", "a number in aud", { aud: [database, 1] }],
  ["claims", "null in aud", { aud: [null, database] }],
  ["claims", "an object in aud", { aud: [database, {}] }],
  ["claims", "kind is unknown", { careaccess_kind: "administrator" }],
  ["claims", "kind in capitals", { careaccess_kind: "Member" }],
  ["claims", "kind is empty", { careaccess_kind: "" }],
  ["claims", "kind is null", { careaccess_kind: null }],
  ["claims", "kind is an array", { careaccess_kind: ["member"] }],
  ["claims", "kind is nobody", { careaccess_kind: "nobody" }],
  ["claims", "a member with a profile", { careaccess_client: "c1" }],
  ["claims", "a member by name with a profile", { careaccess_kind: "member", careaccess_client: "c1" }],
  ["claims", "the profile is a number", { careaccess_kind: "portal", sub: "u1", careaccess_client: 1 }],
  ["claims", "the profile is null", { careaccess_kind: "portal", sub: "u1", careaccess_client: null }],
  ["claims", "the profile is empty", { careaccess_kind: "portal", sub: "u1", careaccess_client: "" }],
  ["claims", "the profile has 256 bytes", { careaccess_kind: "portal", sub: "u1", careaccess_client: "x".repeat(256) }],
])
  await said(fault, why, JSON.stringify(claims(more)));
await said("claims", "exp beyond all numbers", text('"exp":1e400'));
await said("claims", "exp below all numbers", text('"exp":-1e400'));
await said("claims", "exp of a thousand digits", text(`"exp":${"9".repeat(1000)}`));
await said("expired", "exp is nearly 0", text('"exp":1e-400'));
await said("claims", "sub inside another", `{"x":{"sub":"anna"},"aud":${JSON.stringify(database)},${exp}}`);
await said("claims", "Sub", `{"Sub":"anna","aud":${JSON.stringify(database)},${exp}}`);

console.log(JSON.stringify(tokens));
