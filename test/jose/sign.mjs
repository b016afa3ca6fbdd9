// Signed tokens: by jose, and, where jose refuses to make what is wrong, by hand.

import { createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { CompactSign, SignJWT, importJWK } from "jose";

export const algorithms = { hs: "HS256", hs2: "HS256", rs: "RS256", rs2: "RS256", es: "ES256", ed: "EdDSA", small: "RS256" };
export const jwks = JSON.parse(readFileSync(process.argv[2]));
export const url64 = (data) => Buffer.from(data).toString("base64url");
export const now = () => Date.now() / 1000;

// What the database knows a key as: "rs" is both rs-pem and rs-der.
export const kids = {
  hs: ["hs"],
  hs2: ["hs2"],
  rs: ["rs-pem", "rs-der"],
  rs2: ["rs2-pem"],
  es: ["es-pem", "es-der"],
  ed: ["ed-pem", "ed-der", "ed-raw"],
};

const imported = {};
async function key(name) {
  imported[name] ??= await importJWK(jwks[name], algorithms[name]);
  return imported[name];
}

// By jose: claims as they are, header { alg, kid }.
export async function jwt(name, claims, kid = kids[name][0]) {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithms[name], kid, typ: "JWT" }).sign(await key(name));
}

// By jose: any payload, any header that it lets pass.
export async function jws(name, payload, header = {}) {
  return new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ alg: algorithms[name], kid: kids[name][0], ...header })
    .sign(await key(name));
}

// The bytes of a signature, without regard to what is signed.
export function signature(name, data, how = {}) {
  const alg = how.alg ?? algorithms[name];
  if (alg === "HS256")
    return createHmac("sha256", how.secret ?? Buffer.from(jwks[name].k, "base64url"))
      .update(data)
      .digest();
  const options = { key: createPrivateKey({ key: jwks[name], format: "jwk" }), ...how.options };
  if (alg === "ES256") options.dsaEncoding ??= "ieee-p1363";
  return sign(how.hash ?? (alg === "EdDSA" ? null : "sha256"), Buffer.from(data), options);
}

// By hand: header and payload are texts or bytes.
export function raw(name, header, payload, how) {
  const data = `${url64(header)}.${url64(payload)}`;
  return `${data}.${url64(signature(name, data, how))}`;
}

export function publicKey(name, format) {
  const k = createPublicKey({ key: jwks[name], format: "jwk" });
  if (format === "raw") return Buffer.from(jwks[name].x ?? jwks[name].n, "base64url");
  return k.export({ type: "spki", format });
}

// Good but for their length: those just below the limit, or just above.
export async function sizes(claims, below = true) {
  const found = [];
  for (let n = 12000; n < 12400; n++) {
    const token = await jws("hs", JSON.stringify({ ...claims, x: "x".repeat(n) }));
    if (token.length <= 16384 === below) found.push(token);
  }
  return found;
}
