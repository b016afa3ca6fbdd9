// Keys for the tests of session tokens, made anew for each run.
//
//   node keys.mjs FILE    writes the private keys, as JWK, to FILE
//
// Prints what the database is given: for each key its algorithm and its bytes
// in every form there is, in base64. "unfit" are keys that no algorithm takes.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const secrets = {};
const given = { keys: {}, unfit: {} };

function pair(name, algorithm, type, options) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  secrets[name] = privateKey.export({ format: "jwk" });
  const jwk = publicKey.export({ format: "jwk" });
  given.keys[name] = {
    algorithm,
    pem: base64(publicKey.export({ type: "spki", format: "pem" })),
    der: base64(publicKey.export({ type: "spki", format: "der" })),
    ...(type === "ed25519" && { raw: base64(Buffer.from(jwk.x, "base64url")) }),
  };
  return { publicKey, privateKey };
}

function secret(name) {
  const bytes = randomBytes(32);
  secrets[name] = { kty: "oct", k: bytes.toString("base64url") };
  given.keys[name] = { algorithm: "HS256", raw: base64(bytes) };
}

secret("hs");
secret("hs2");
const rs = pair("rs", "RS256", "rsa", { modulusLength: 2048 });
const es = pair("es", "ES256", "ec", { namedCurve: "P-256" });
const ed = pair("ed", "EdDSA", "ed25519");
pair("rs2", "RS256", "rsa", { modulusLength: 3072 });

function unfit(name, algorithm, bytes) {
  given.unfit[name] = { algorithm, bytes: base64(bytes) };
}

function unfitPair(name, algorithm, type, options) {
  const { publicKey, privateKey } = generateKeyPairSync(type, options);
  const kind = { type: "spki", format: "pem" };
  unfit(name, algorithm, publicKey.export(kind));
  unfit(`${name}, DER`, algorithm, publicKey.export({ ...kind, format: "der" }));
  return privateKey;
}

const small = unfitPair("RSA of 1024 bits", "RS256", "rsa", { modulusLength: 1024 });
secrets.small = small.export({ format: "jwk" });
unfitPair("RSA-PSS", "RS256", "rsa-pss", { modulusLength: 2048 });
unfitPair("P-384", "ES256", "ec", { namedCurve: "P-384" });
unfitPair("secp256k1", "ES256", "ec", { namedCurve: "secp256k1" });
unfitPair("Ed448", "EdDSA", "ed448");
unfitPair("X25519", "EdDSA", "x25519");
for (const [name, { privateKey }, algorithm, old] of [
  ["RSA", rs, "RS256", "pkcs1"],
  ["P-256", es, "ES256", "sec1"],
  ["Ed25519", ed, "EdDSA"],
]) {
  for (const type of old ? ["pkcs8", old] : ["pkcs8"]) {
    unfit(`private ${name}, ${type} PEM`, algorithm, privateKey.export({ type, format: "pem" }));
    unfit(`private ${name}, ${type} DER`, algorithm, privateKey.export({ type, format: "der" }));
  }
  unfit(
    `encrypted ${name}`,
    algorithm,
    privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
  );
}
unfit("public RSA, PKCS#1", "RS256", rs.publicKey.export({ type: "pkcs1", format: "pem" }));
const eds = ed.publicKey.export({ type: "spki", format: "der" });
unfit("a byte too many", "EdDSA", Buffer.concat([eds, Buffer.from([0])]));
unfit("a byte too few", "EdDSA", eds.subarray(0, -1));
unfit("31 bytes", "EdDSA", eds.subarray(-31));
unfit("33 bytes", "EdDSA", eds.subarray(-33));
unfit("raw, for another algorithm", "ES256", eds.subarray(-32));
unfit("of another algorithm", "ES256", ed.publicKey.export({ type: "spki", format: "pem" }));
unfit("of yet another", "EdDSA", es.publicKey.export({ type: "spki", format: "pem" }));
unfit("JWK", "RS256", JSON.stringify(rs.publicKey.export({ format: "jwk" })));
unfit("nothing", "RS256", "");
unfit("text", "RS256", "-----BEGIN PUBLIC KEY-----\nhello\n-----END PUBLIC KEY-----\n");
unfit("a PEM cut off", "ES256", es.publicKey.export({ type: "spki", format: "pem" }).slice(0, -20));
unfit("much", "RS256", Buffer.alloc(1 << 20, 48));
unfit("short secret", "HS256", Buffer.alloc(31, 7));
unfit("no secret", "HS256", "");

writeFileSync(process.argv[2], JSON.stringify(secrets));
console.log(JSON.stringify(given));
